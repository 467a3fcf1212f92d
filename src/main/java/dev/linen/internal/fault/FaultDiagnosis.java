package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;

import java.io.File;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.registry.FreedMemory;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Peek;
import dev.linen.memory.Protection;

/**
 * Why a thread ended, concluded from the address that it accessed, from the guard that contains this address, and from
 * what else is known of it.
 *
 * @param cause the cause, in a word
 * @param explanation the cause, in a sentence
 */
record FaultDiagnosis(Cause cause, String explanation) {

    /** What is below can't be mapped (vm.mmap_min_addr); an element or member of NULL lies there. */
    private static final long NEAR_NULL = 64 << 10;

    /** How far from the poison in its thread-local block a pointer of libc's is followed. */
    private static final long NEAR_POISON = 64 << 10;

    // trapno: the CPU's own number
    private static final long OVERFLOW = 4;
    private static final long STACK_SEGMENT = 12;
    private static final long GENERAL_PROTECTION = 13;

    // err, of a page fault
    private static final long WRITTEN = 1 << 1;
    private static final long FETCHED = 1 << 4;

    /** The kernel's name for anonymous memory of MAP_HUGETLB, which has no file. */
    private static final String HUGE_PAGES = "/anon_hugepage";
    private static final String DELETED = " (deleted)";

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
        FaultingInstruction code = new FaultingInstruction(instruction, registers);
        String meaning = SignalNames.code(facts.signal(), facts.code()).meaning();
        if (facts.signal() == Kernel.SIGFPE) {
            return new FaultDiagnosis(Cause.DIVIDE, meaning);
        }
        if (facts.signal() == Kernel.SIGILL) {
            return new FaultDiagnosis(Cause.ILLEGAL_INSTRUCTION, code.isTrap()
                    ? "the compiler put a trap there (ud1, ud2): undefined behaviour, such as a division by a constant "
                            + "0; code that must not be reached; or a check that failed"
                    : "the CPU doesn't have this instruction (" + meaning + ")");
        }
        if (facts.signal() == Kernel.SIGTRAP) {
            return new FaultDiagnosis(Cause.TRAP, meaning);
        }
        long trap = registers.getOrDefault("trapno", 0L);
        long stackPointer = registers.getOrDefault("rsp", 0L);
        if (trap == STACK_SEGMENT && !isCanonical(stackPointer)) {
            return new FaultDiagnosis(Cause.UNMAPPED,
                    "the stack pointer, " + hex(stackPointer) + ", can't be an address: its upper bits differ");
        }
        if (trap == GENERAL_PROTECTION || trap == STACK_SEGMENT) {
            return protection(code);
        }
        if (facts.signal() == Kernel.SIGBUS) {
            return facts.code() == Kernel.BUS_ADRALN ? misaligned(code) : busError(facts);
        }
        return facts.code() == Kernel.SI_KERNEL || facts.code() == Kernel.SEGV_CPERR
                ? withoutAddress(facts, trap)
                : pageFault(facts, access(facts, registers), around);
    }

    /** What the signal alone tells, for a report that couldn't find out more. */
    static FaultDiagnosis of(FaultRecord facts) {
        Cause cause = switch (facts.signal()) {
            case Kernel.SIGFPE -> Cause.DIVIDE;
            case Kernel.SIGILL -> Cause.ILLEGAL_INSTRUCTION;
            case Kernel.SIGTRAP -> Cause.TRAP;
            case Kernel.SIGBUS -> Cause.BUS;
            default -> facts.code() == Kernel.SEGV_MAPERR ? Cause.UNMAPPED : Cause.PROTECTED;
        };
        return facts.isKill()
                ? new FaultDiagnosis(Cause.KILLED, "it was killed")
                : new FaultDiagnosis(cause, SignalNames.code(facts.signal(), facts.code()).meaning());
    }

    /** For these, the kernel gives 0 as the address, which isn't the address of anything. */
    private static FaultDiagnosis withoutAddress(FaultRecord facts, long trap) {
        if (facts.code() == Kernel.SEGV_CPERR) {
            return new FaultDiagnosis(Cause.PROTECTED, "the return address isn't the one on the CPU's shadow stack: "
                    + "the stack was overwritten, or switched without the shadow stack");
        }
        return trap == OVERFLOW
                ? new FaultDiagnosis(Cause.TRAP, "the overflow exception was raised (int 4)")
                : new FaultDiagnosis(Cause.PROTECTED, "the kernel rejected the access, and doesn't report its address");
    }

    /** The CPU checks the alignment of ordinary accesses only if the thread has asked for it. */
    private static FaultDiagnosis misaligned(FaultingInstruction instruction) {
        OptionalLong operand = instruction.operand(); // the kernel gives 0 as the address
        return new FaultDiagnosis(Cause.MISALIGNED,
                (operand.isPresent() ? hex(operand.getAsLong()) : "the address")
                        + " is misaligned, and the thread has set the flag AC; or a locked access isn't within one "
                        + "cache line, which the kernel forbids (split_lock_detect)");
    }

    /** The file's size tells whether the access was beyond its end. */
    private static FaultDiagnosis busError(FaultRecord facts) {
        return new FaultDiagnosis(Cause.BUS,
                "there is no memory behind " + hex(facts.address()) + ": " + missingMemory(facts));
    }

    private static String missingMemory(FaultRecord facts) {
        if (facts.code() == Kernel.BUS_MCEERR_AR || facts.code() == Kernel.BUS_OBJERR) {
            return "the hardware has found an error in it";
        }
        Optional<Region> region = region(facts.address()).filter(found -> found.name().startsWith("/"));
        if (region.isEmpty()) {
            return "a mapped file ends before it, the file system is full, or no huge page is left";
        }
        String name = region.get().name();
        if (name.startsWith(HUGE_PAGES)) {
            return "no huge page is left (vm.nr_hugepages)";
        }
        long offset = facts.address() - region.get().start() + region.get().offset();
        File file = new File(name);
        if (!file.isFile()) {
            return (name.endsWith(DELETED)
                    ? "the deleted file " + name.substring(0, name.length() - DELETED.length())
                    : "the file " + name) + " ends before it, or its file system is full";
        }
        return offset >= Math.ceilDiv(file.length(), Mapping.pageSize()) * Mapping.pageSize()
                ? "the file " + file + " ends before it, at " + file.length() + " bytes; it is byte " + offset
                : "it is byte " + offset + " of the " + file.length() + " of " + file
                        + "; the file system is full, or reading it failed";
    }

    private static FaultDiagnosis pageFault(FaultRecord facts, Access access, Surroundings around) {
        long address = facts.address();
        if (Surroundings.contains(around.guardBelow(), address)
                || Surroundings.contains(around.outerGuardBelow(), address)) { // a frame that jumped over the signal stack
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
        if (address < 0) {
            return new FaultDiagnosis(Cause.UNMAPPED,
                    hex(address) + " is an address of the kernel's, which was " + access);
        }
        Optional<Region> region = region(address);
        boolean permitted = region.isPresent() && permits(region.get().protection(), access);
        // The protection may have been changed since.
        String has = region.isEmpty() || permitted ? "" : " (" + region.get().protection() + ")";
        if (facts.code() == Kernel.SEGV_PKUERR) {
            return new FaultDiagnosis(Cause.PROTECTED,
                    hex(address) + " can't be " + access + has + ": its protection key forbids it to this thread");
        }
        if (facts.code() == Kernel.SEGV_ACCERR) {
            return new FaultDiagnosis(Cause.PROTECTED, access == Access.CALLED
                    ? "a jump to data: the page of " + hex(address) + " isn't executable" + has
                    : hex(address) + " can't be " + access + has);
        }
        if (permitted && !Peek.read(address, new byte[1])) {
            // For a guard, the kernel says that nothing is mapped. What can be read was mapped after the fault.
            return new FaultDiagnosis(Cause.PROTECTED, hex(address) + ", which was " + access
                    + ", lies in a guard page of a mapping (" + region.get().protection() + "): MADV_GUARD_INSTALL");
        }
        return new FaultDiagnosis(Cause.UNMAPPED,
                freed(address, around).orElse("nothing is mapped at " + hex(address)) + ", which was " + access);
    }

    private static boolean permits(Protection protection, Access access) {
        return protection.has(switch (access) {
            case READ -> Protection.READ;
            case WRITTEN -> Protection.WRITE;
            case CALLED -> Protection.EXEC;
        });
    }

    /** Empty also if it can't be found out: no file descriptor is left, or there is no /proc. */
    private static Optional<Region> region(long address) {
        try {
            return MemoryMap.regionAt(address);
        } catch (RuntimeException unknown) {
            return Optional.empty();
        }
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
                "it needs libc's thread-local storage (malloc, errno, locale, stdio, __thread): run it as Kind.POSIX; "
                        + how);
    }

    /** A fault of the dynamic linker, which found no such symbol and tried to report that. */
    static FaultDiagnosis undefinedSymbol(String name, String library) {
        return new FaultDiagnosis(Cause.UNDEFINED_SYMBOL, "the function " + name + " that " + library
                + " calls is in no loaded library: link it with the library that has it");
    }

    /** A general protection fault comes without an address; the instruction may tell it. */
    private static FaultDiagnosis protection(FaultingInstruction instruction) {
        if (instruction.isPrivileged()) {
            return new FaultDiagnosis(Cause.ILLEGAL_INSTRUCTION, "only the kernel may use this instruction");
        }
        if (instruction.isReturn()) {
            return new FaultDiagnosis(Cause.UNMAPPED, "the return address isn't an address: the stack was overwritten");
        }
        OptionalLong operand = instruction.operand();
        if (operand.isEmpty()) {
            return new FaultDiagnosis(Cause.UNMAPPED, "the CPU rejected an operand of the instruction");
        }
        long address = operand.getAsLong();
        if (Math.abs(address - LinenH.LINEN_TLS_MAGIC) < NEAR_POISON) {
            return libcTls(hex(address) + " comes from the poison in linen's thread-local block");
        }
        if (!isCanonical(address)) {
            return new FaultDiagnosis(Cause.UNMAPPED, hex(address) + " can't be an address: its upper bits differ");
        }
        if (instruction.isVector() && address % instruction.vectorBytes() != 0) {
            return new FaultDiagnosis(Cause.MISALIGNED, hex(address) + " isn't a multiple of "
                    + instruction.vectorBytes() + ", as the instruction demands");
        }
        return new FaultDiagnosis(Cause.UNMAPPED, "the CPU rejected an operand of the instruction, maybe "
                + hex(address));
    }

    /** Whether bits 47 to 63 are the same. */
    private static boolean isCanonical(long address) {
        return address << 16 >> 16 == address;
    }
}
