package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.registry.FreedMemory;
import dev.linen.memory.Protection;

/**
 * Why a thread ended: told by the address that it wanted, which of its own guards that is in, and what else is known of it.
 *
 * @param cause in a word
 * @param explanation in a sentence
 */
record FaultDiagnosis(FaultCause cause, String explanation) {

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

    static FaultDiagnosis of(ThreadFault.Facts facts, StackSlot slot, Lent lent, Optional<Protection> mapped) {
        if (facts.code() <= 0) { // sent; all that an instruction raises is above
            return new FaultDiagnosis(FaultCause.KILLED, "it was killed");
        }
        String meaning = SignalNames.code(facts.signal(), facts.code()).meaning();
        if (facts.signal() == Kernel.SIGFPE) {
            return new FaultDiagnosis(FaultCause.DIVIDE, meaning);
        }
        if (facts.signal() == Kernel.SIGILL) {
            return new FaultDiagnosis(FaultCause.ILLEGAL_INSTRUCTION,
                    "the CPU has no such instruction (" + meaning + ")");
        }
        if (facts.signal() == Kernel.SIGTRAP) {
            return new FaultDiagnosis(FaultCause.TRAP, meaning);
        }
        long trap = facts.registers().getOrDefault("trapno", 0L);
        if (trap == GENERAL_PROTECTION || trap == STACK_SEGMENT) {
            return protection(facts);
        }
        if (facts.signal() == Kernel.SIGBUS) {
            return facts.code() == Kernel.BUS_ADRALN
                    ? new FaultDiagnosis(FaultCause.MISALIGNED, hex(facts.address()) + " is misaligned")
                    : new FaultDiagnosis(FaultCause.BUS, "there is no memory behind " + hex(facts.address())
                            + ": a mapped file that ends before it, or was cut short");
        }
        return pageFault(facts, slot, lent, mapped);
    }

    private static FaultDiagnosis pageFault(ThreadFault.Facts facts, StackSlot slot, Lent lent,
            Optional<Protection> mapped) {
        long address = facts.address();
        Access access = access(facts);
        StackGeometry geometry = slot.geometry();
        long offset = address - slot.address();
        boolean below = offset >= 0 && offset < geometry.outerGuardBytes(); // it jumped over the signal stack, too
        if (below || (offset >= geometry.guardOffset() && offset < geometry.stackOffset())) {
            return new FaultDiagnosis(FaultCause.STACK_OVERFLOW, "stack overflow: " + hex(address)
                    + " lies in the guard below the stack of " + geometry.stackBytes() + " bytes");
        }
        if (offset >= geometry.totalBytes() && offset < geometry.totalBytes() + geometry.outerGuardBytes()) {
            return new FaultDiagnosis(FaultCause.UNMAPPED,
                    hex(address) + " lies in the guard above the stack: an array on "
                            + "it was overrun");
        }
        if (slot.slab().header().isInPlaceOfLibcs(address)) {
            return libcTls(hex(address) + " lies where that would be");
        }
        if (address >= 0 && address < NEAR_NULL) {
            return new FaultDiagnosis(FaultCause.NULL_POINTER,
                    (address == 0 ? "NULL" : "NULL + " + hex(address)) + " was " + access);
        }
        if (facts.code() == Kernel.SEGV_ACCERR) {
            String has = mapped.map(protection -> " (" + protection + ")").orElse("");
            return new FaultDiagnosis(FaultCause.PROTECTED, access == Access.CALLED
                    ? "a jump to data: the page of " + hex(address) + " isn't executable" + has
                    : hex(address) + " can't be " + access + has);
        }
        return new FaultDiagnosis(FaultCause.UNMAPPED,
                freed(address, lent).orElse("nothing is mapped at " + hex(address))
                        + ", which was " + access);
    }

    private static Optional<String> freed(long address, Lent lent) {
        Optional<MemorySegment> argument = lent.freedAt(address);
        if (argument.isPresent()) {
            return Optional.of("the arena of the memory that the thread was given is closed: " + hex(address)
                    + " was byte " + (address - argument.get().address()) + " of its " + argument.get().byteSize());
        }
        return FreedMemory.at(address).map(freed -> "a " + freed.what() + " is closed: " + hex(address) + " was byte "
                + (address - freed.address()) + " of its " + freed.bytes());
    }

    private static Access access(ThreadFault.Facts facts) {
        long error = facts.registers().getOrDefault("err", 0L);
        if ((error & FETCHED) != 0 || facts.address() == facts.registers().getOrDefault("rip", -1L)) {
            return Access.CALLED;
        }
        return (error & WRITTEN) != 0 ? Access.WRITTEN : Access.READ;
    }

    private static FaultDiagnosis libcTls(String how) {
        return new FaultDiagnosis(FaultCause.LIBC_TLS,
                "it needs libc's thread-local storage (malloc, errno, locale, stdio): "
                        + "run it as Kind.POSIX; " + how);
    }

    /** The kernel knows no address; the instruction may. */
    private static FaultDiagnosis protection(ThreadFault.Facts facts) {
        FaultingInstruction instruction = new FaultingInstruction(facts.instruction(), facts.registers());
        if (instruction.isPrivileged()) {
            return new FaultDiagnosis(FaultCause.ILLEGAL_INSTRUCTION, "an instruction that only the kernel may use");
        }
        if (instruction.isReturn()) {
            return new FaultDiagnosis(FaultCause.UNMAPPED,
                    "the return address is none: something has written over the stack");
        }
        OptionalLong operand = instruction.operand();
        if (operand.isEmpty()) {
            return new FaultDiagnosis(FaultCause.UNMAPPED, "the CPU refused an operand of the instruction");
        }
        long address = operand.getAsLong();
        if (Math.abs(address - LinenH.LINEN_TLS_MAGIC) < NEAR_POISON) {
            return libcTls(hex(address) + " comes of the poison in linen's thread-local block");
        }
        if (!isCanonical(address)) {
            return new FaultDiagnosis(FaultCause.UNMAPPED,
                    hex(address) + " can't be an address: its upper bits aren't all "
                            + "alike");
        }
        if (instruction.isVector() && address % LEAST_ALIGNMENT != 0) {
            return new FaultDiagnosis(FaultCause.MISALIGNED,
                    hex(address) + " isn't a multiple of 16, which the instruction "
                            + "demands");
        }
        return new FaultDiagnosis(FaultCause.UNMAPPED, "the CPU refused an operand of the instruction, maybe "
                + hex(address));
    }

    /** Bits 47 to 63 are alike. */
    private static boolean isCanonical(long address) {
        return address << 16 >> 16 == address;
    }
}
