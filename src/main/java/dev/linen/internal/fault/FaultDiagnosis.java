package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.registry.FreedMemory;
import dev.linen.memory.MemoryMap;

/**
 * Why a thread ended: told by the address that it wanted, which of its own guards that is in, and what else is known of it.
 *
 * @param cause in a word
 * @param explanation in a sentence
 */
record FaultDiagnosis(Cause cause, String explanation) {

    /** What is below can't be mapped (vm.mmap_min_addr); an element or member of NULL lies there. */
    private static final long NEAR_NULL = 64 << 10;

    /** How far from the poison in its thread-local block a pointer of libc's is followed. */
    private static final long NEAR_POISON = 64 << 10;

    // trapno: the CPU's own number
    private static final long STACK_SEGMENT = 12;
    private static final long GENERAL_PROTECTION = 13;

    // err, of a page fault
    private static final long WRITTEN = 1 << 1;
    private static final long FETCHED = 1 << 4;

    /** Vectors of 16 bytes and more are aligned to that. */
    private static final long LEAST_ALIGNMENT = 16;

    /** What the instruction wanted of the address. */
    private enum Access {
        READ("read"), WRITTEN("written"), CALLED("called");

        private final String participle;

        Access(String participle) {
            this.participle = participle;
        }

        @Override
        public String toString() {
            return participle;
        }
    }

    /** @param instruction the machine code at the instruction pointer */
    static FaultDiagnosis of(FaultRecord facts, Map<String, Long> registers, MemorySegment instruction,
            Surroundings around) {
        if (facts.isKill()) {
            return new FaultDiagnosis(Cause.KILLED, "it was killed");
        }
        String meaning = SignalNames.code(facts.signal(), facts.code()).meaning();
        if (facts.signal() == Kernel.SIGFPE) {
            return new FaultDiagnosis(Cause.DIVIDE, meaning);
        }
        if (facts.signal() == Kernel.SIGILL) {
            return new FaultDiagnosis(Cause.ILLEGAL_INSTRUCTION,
                    "the CPU has no such instruction (" + meaning + ")");
        }
        if (facts.signal() == Kernel.SIGTRAP) {
            return new FaultDiagnosis(Cause.TRAP, meaning);
        }
        long trap = registers.getOrDefault("trapno", 0L);
        if (trap == GENERAL_PROTECTION || trap == STACK_SEGMENT) {
            return protection(new FaultingInstruction(instruction, registers));
        }
        if (facts.signal() == Kernel.SIGBUS) {
            return facts.code() == Kernel.BUS_ADRALN
                    ? new FaultDiagnosis(Cause.MISALIGNED, hex(facts.address()) + " is misaligned")
                    : new FaultDiagnosis(Cause.BUS, "there is no memory behind " + hex(facts.address())
                            + ": a mapped file that ends before it, or was cut short");
        }
        return pageFault(facts, access(facts, registers), around);
    }

    private static FaultDiagnosis pageFault(FaultRecord facts, Access access, Surroundings around) {
        long address = facts.address();
        if (Surroundings.contains(around.guardBelow(), address)
                || Surroundings.contains(around.outerGuardBelow(), address)) { // or it jumped over the signal stack, too
            return new FaultDiagnosis(Cause.STACK_OVERFLOW, "stack overflow: " + hex(address)
                    + " lies in the guard below the stack of " + around.stack().byteSize() + " bytes");
        }
        if (Surroundings.contains(around.guardAbove(), address)) {
            return new FaultDiagnosis(Cause.UNMAPPED,
                    hex(address) + " lies in the guard above the stack: an array on it was overrun");
        }
        if (Surroundings.contains(around.placeOfLibcs(), address)) {
            return libcTls(hex(address) + " lies where that would be");
        }
        if (address >= 0 && address < NEAR_NULL) {
            return new FaultDiagnosis(Cause.NULL_POINTER,
                    (address == 0 ? "NULL" : "NULL + " + hex(address)) + " was " + access);
        }
        if (facts.code() == Kernel.SEGV_ACCERR) {
            String has = MemoryMap.regionAt(address).map(region -> " (" + region.protection() + ")").orElse("");
            return new FaultDiagnosis(Cause.PROTECTED, access == Access.CALLED
                    ? "a jump to data: the page of " + hex(address) + " isn't executable" + has
                    : hex(address) + " can't be " + access + has);
        }
        return new FaultDiagnosis(Cause.UNMAPPED,
                freed(address, around).orElse("nothing is mapped at " + hex(address))
                        + ", which was " + access);
    }

    private static Optional<String> freed(long address, Surroundings around) {
        Optional<MemorySegment> argument = around.freedArgument()
                .filter(segment -> Surroundings.contains(segment, address));
        if (argument.isPresent()) {
            return Optional.of("the arena of the memory that the thread was given is closed: " + hex(address)
                    + " was byte " + (address - argument.get().address()) + " of its " + argument.get().byteSize());
        }
        return FreedMemory.at(address).map(freed -> "a " + freed.what() + " is closed: " + hex(address) + " was byte "
                + (address - freed.address()) + " of its " + freed.bytes());
    }

    private static Access access(FaultRecord facts, Map<String, Long> registers) {
        long error = registers.getOrDefault("err", 0L);
        if ((error & FETCHED) != 0 || facts.address() == registers.getOrDefault("rip", -1L)) {
            return Access.CALLED;
        }
        return (error & WRITTEN) != 0 ? Access.WRITTEN : Access.READ;
    }

    private static FaultDiagnosis libcTls(String how) {
        return new FaultDiagnosis(Cause.LIBC_TLS,
                "it needs libc's thread-local storage (malloc, errno, locale, stdio): "
                        + "run it as Kind.POSIX; " + how);
    }

    /** The kernel knows no address; the instruction may. */
    private static FaultDiagnosis protection(FaultingInstruction instruction) {
        if (instruction.isPrivileged()) {
            return new FaultDiagnosis(Cause.ILLEGAL_INSTRUCTION, "an instruction that only the kernel may use");
        }
        if (instruction.isReturn()) {
            return new FaultDiagnosis(Cause.UNMAPPED,
                    "the return address is none: something has written over the stack");
        }
        OptionalLong operand = instruction.operand();
        if (operand.isEmpty()) {
            return new FaultDiagnosis(Cause.UNMAPPED, "the CPU refused an operand of the instruction");
        }
        long address = operand.getAsLong();
        if (Math.abs(address - LinenH.LINEN_TLS_MAGIC) < NEAR_POISON) {
            return libcTls(hex(address) + " comes of the poison in linen's thread-local block");
        }
        if (!isCanonical(address)) {
            return new FaultDiagnosis(Cause.UNMAPPED,
                    hex(address) + " can't be an address: its upper bits aren't all "
                            + "alike");
        }
        if (instruction.isVector() && address % LEAST_ALIGNMENT != 0) {
            return new FaultDiagnosis(Cause.MISALIGNED,
                    hex(address) + " isn't a multiple of 16, which the instruction "
                            + "demands");
        }
        return new FaultDiagnosis(Cause.UNMAPPED, "the CPU refused an operand of the instruction, maybe "
                + hex(address));
    }

    /** Bits 47 to 63 are alike. */
    private static boolean isCanonical(long address) {
        return address << 16 >> 16 == address;
    }
}
