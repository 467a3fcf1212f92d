package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;

import java.io.File;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;

import dev.linen.internal.fault.CpuTrap.Access;
import dev.linen.internal.linux.Kernel;
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

    /** The kernel's name for anonymous memory of MAP_HUGETLB, which has no file. */
    private static final String HUGE_PAGES = "/anon_hugepage";
    private static final String DELETED = " (deleted)";

    /**
     * Concludes it for this CPU.
     *
     * @param instruction the machine code at the instruction pointer
     */
    static FaultDiagnosis of(FaultRecord facts, Map<String, Long> registers, MemorySegment instruction,
            Surroundings around) {
        return of(ThisCpu.TRAP, facts, registers, instruction, around);
    }

    static FaultDiagnosis of(CpuTrap cpu, FaultRecord facts, Map<String, Long> registers, MemorySegment instruction,
            Surroundings around) {
        if (facts.isKill()) {
            return new FaultDiagnosis(Cause.KILLED, "it was killed");
        }
        String meaning = SignalNames.code(facts.signal(), facts.code()).meaning();
        if (facts.signal() == Kernel.SIGFPE) {
            return new FaultDiagnosis(Cause.DIVIDE, meaning);
        }
        Optional<Reason> reason = cpu.reason(facts, meaning, registers, instruction);
        if (reason.isPresent()) {
            return new FaultDiagnosis(reason.get());
        }
        return switch (facts.signal()) {
            case Kernel.SIGILL -> new FaultDiagnosis(Cause.ILLEGAL_INSTRUCTION, meaning);
            case Kernel.SIGTRAP -> new FaultDiagnosis(Cause.TRAP, meaning);
            case Kernel.SIGBUS -> busError(facts);
            default -> facts.code() == Kernel.SI_KERNEL || facts.code() == Kernel.SEGV_CPERR
                    ? withoutAddress(facts)
                    : pageFault(facts, cpu.access(facts, registers, instruction), around);
        };
    }

    private FaultDiagnosis(Reason reason) {
        this(reason.cause(), reason.explanation());
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
    private static FaultDiagnosis withoutAddress(FaultRecord facts) {
        return facts.code() == Kernel.SEGV_CPERR
                ? new FaultDiagnosis(Cause.PROTECTED, "the return address isn't the one on the CPU's shadow stack: "
                        + "the stack was overwritten, or switched without the shadow stack")
                : new FaultDiagnosis(Cause.PROTECTED, "the kernel rejected the access, and doesn't report its address");
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
            return new FaultDiagnosis(CpuTrap.libcTls(hex(address) + " lies where that would be"));
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

    /** A fault of the dynamic linker, which found no such symbol and tried to report that. */
    static FaultDiagnosis undefinedSymbol(String name, String library) {
        return new FaultDiagnosis(Cause.UNDEFINED_SYMBOL, "the function " + name + " that " + library
                + " calls is in no loaded library: link it with the library that has it");
    }
}
