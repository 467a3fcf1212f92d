package dev.linen.internal.fault;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.aarch64.sigcontext;

/**
 * aarch64: the kernel tells the exception syndrome register, esr, and the fault address register, far.
 *
 * <pre>
 *   esr   31      26 25  24                  0      for a data abort
 *         class      32  class's own bits           6: WnR, the instruction wrote
 * </pre>
 *
 * <p>The CPU ignores the uppermost byte of an address, and the kernel reports it as 0. An integer division by zero
 * raises nothing: its result is 0.
 *
 * @see <a href="https://developer.arm.com/documentation/ddi0601/latest/AArch64-Registers/ESR-EL1">ESR_EL1</a>
 */
final class Aarch64Trap extends CpuTrap {

    private static final int GENERAL = 31;

    /** Where cpu_record writes esr: behind the words of struct sigcontext. */
    private static final long ESR_OFFSET = sigcontext.pstate$offset() + Long.BYTES;

    private static final int CLASS_SHIFT = 26;
    private static final long INSTRUCTION_ABORT = 0x20;
    private static final long PC_ALIGNMENT = 0x22;
    private static final long SP_ALIGNMENT = 0x26;
    private static final long AUTHENTICATION = 0x1c;
    private static final long WRITTEN = 1 << 6;

    /** Set with WRITTEN, whatever the instruction does to memory. */
    private static final long CACHE_MAINTENANCE = 1 << 8;

    /** pstate: not 0 behind a jump by register. If the code there is guarded, it must begin with a landing pad. */
    private static final long BRANCH_TYPE = 3 << 10;

    private static final long REPORTED = (1L << 56) - 1;

    @Override
    Map<String, Long> registers(FaultRecord facts) {
        MemorySegment words = facts.words();
        Map<String, Long> registers = new LinkedHashMap<>();
        for (int i = 0; i < GENERAL; i++) {
            registers.put("x" + i, words.get(JAVA_LONG, sigcontext.regs$offset() + (long) i * Long.BYTES));
        }
        registers.put("sp", words.get(JAVA_LONG, sigcontext.sp$offset()));
        registers.put("pc", words.get(JAVA_LONG, sigcontext.pc$offset()));
        registers.put("pstate", words.get(JAVA_LONG, sigcontext.pstate$offset()));
        // With the others, the kernel leaves them as an earlier exception set them.
        boolean told = !facts.isKill() && facts.signal() != Kernel.SIGTRAP && facts.signal() != Kernel.SIGFPE;
        registers.put("esr", told ? words.get(JAVA_LONG, ESR_OFFSET) : 0);
        registers.put("far", told ? words.get(JAVA_LONG, sigcontext.fault_address$offset()) : 0);
        return Collections.unmodifiableMap(registers);
    }

    @Override
    String programCounter() {
        return "pc";
    }

    @Override
    String stackPointer() {
        return "sp";
    }

    @Override
    long stackPointer(MemorySegment words) {
        return words.get(JAVA_LONG, sigcontext.sp$offset());
    }

    @Override
    Optional<Reason> reason(FaultRecord facts, String meaning, Map<String, Long> registers,
            MemorySegment instruction) {
        return switch (facts.signal()) {
            case Kernel.SIGILL -> Optional.of(illegal(facts, meaning, registers, instruction));
            case Kernel.SIGTRAP -> Optional.of(new Reason(Cause.TRAP, isCompilersTrap(word(instruction))
                    ? "the compiler put a trap there (brk): undefined behaviour, code that must not be reached, or a "
                            + "check that failed"
                    : meaning));
            case Kernel.SIGBUS -> facts.code() == Kernel.BUS_ADRALN
                    ? Optional.of(misaligned(facts, registers))
                    : Optional.empty();
            default -> memory(facts, registers);
        };
    }

    private static Reason illegal(FaultRecord facts, String meaning, Map<String, Long> registers,
            MemorySegment instruction) {
        int code = word(instruction);
        // ILL_ILLOPC: the CPU doesn't have the instruction.
        if (exceptionClass(registers) == AUTHENTICATION
                || (facts.code() == Kernel.ILL_ILLOPN && isAuthentication(code))) {
            return new Reason(Cause.ILLEGAL_INSTRUCTION, "an authenticated pointer has a wrong signature (pointer "
                    + "authentication): the stack was overwritten, or the return address was moved or changed");
        }
        if (instruction.byteSize() >= Integer.BYTES && code >>> 16 == 0) {
            return new Reason(Cause.ILLEGAL_INSTRUCTION,
                    "no instruction, but data or code that must not be reached (udf "
                            + "#" + code + ")");
        }
        if ((registers.getOrDefault("pstate", 0L) & BRANCH_TYPE) != 0) {
            return new Reason(Cause.ILLEGAL_INSTRUCTION,
                    "a jump to code that isn't a landing pad (bti): the pointer to "
                            + "the function was overwritten, or its code isn't compiled for branch target identification; "
                            + "or, if that code isn't guarded (PROT_BTI), the CPU doesn't have this instruction");
        }
        return new Reason(Cause.ILLEGAL_INSTRUCTION,
                "the CPU doesn't have this instruction, or only the kernel may use "
                        + "it (" + meaning + ")");
    }

    /** autiasp, autibsp, retaa, retab, and those that name registers. */
    private static boolean isAuthentication(int code) {
        return code == 0xd50323bf || code == 0xd50323ff || code == 0xd65f0bff || code == 0xd65f0fff
                || (code & 0xffffc000) == 0xdac10000;
    }

    /** brk with one of the numbers of gcc's and clang's __builtin_trap, and of clang's sanitizers. */
    private static boolean isCompilersTrap(int code) {
        int number = code >>> 5 & 0xffff;
        boolean isBrk = (code & 0xffe0001f) == 0xd4200000;
        return isBrk && (number == 1 || number == 1000 || number >>> 8 == 0x55);
    }

    private static Reason misaligned(FaultRecord facts, Map<String, Long> registers) {
        long kind = exceptionClass(registers);
        if (kind == SP_ALIGNMENT) {
            return new Reason(Cause.MISALIGNED, "the stack pointer, " + hex(registers.getOrDefault("sp", 0L))
                    + ", isn't a multiple of 16");
        }
        if (kind == PC_ALIGNMENT || facts.address() == registers.getOrDefault("pc", -1L)) {
            return new Reason(Cause.MISALIGNED, hex(facts.address())
                    + " isn't a multiple of 4, so that no instruction can be there");
        }
        return new Reason(Cause.MISALIGNED, hex(facts.address())
                + " is misaligned: the instruction (exclusive, atomic or ordered) demands a multiple of its size");
    }

    private static Optional<Reason> memory(FaultRecord facts, Map<String, Long> registers) {
        long address = facts.address();
        if (facts.code() == Kernel.SEGV_MTESERR || facts.code() == Kernel.SEGV_MTEAERR) {
            return Optional.of(new Reason(Cause.PROTECTED, (facts.code() == Kernel.SEGV_MTEAERR
                    ? "some access before this instruction"
                    : hex(address))
                    + " has another tag than the memory (memory tagging): it was freed, or an array was "
                    + "overrun"));
        }
        if (facts.code() == Kernel.SEGV_CPERR || facts.code() == Kernel.SI_KERNEL) {
            return Optional.empty(); // without an address
        }
        if (isNearPoison(address, REPORTED)) {
            return Optional.of(libcTls(hex(address) + " comes from the poison in linen's thread-local block"));
        }
        if (address >= 0 && address >>> 48 != 0) {
            return Optional.of(new Reason(Cause.UNMAPPED, address == registers.getOrDefault("pc", -1L)
                    ? "the return address or function pointer, " + hex(address) + ", can't be an address: it was "
                            + "overwritten, or its signature is wrong (pointer authentication)"
                    : hex(address) + " can't be an address: its upper bits differ"));
        }
        return Optional.empty();
    }

    @Override
    Access access(FaultRecord facts, Map<String, Long> registers, MemorySegment instruction) {
        long esr = registers.getOrDefault("esr", 0L);
        if (exceptionClass(registers) == INSTRUCTION_ABORT || facts.address() == registers.getOrDefault("pc", -1L)) {
            return Access.CALLED;
        }
        boolean written = esr != 0 ? (esr & (WRITTEN | CACHE_MAINTENANCE)) == WRITTEN : isStore(word(instruction));
        return written ? Access.WRITTEN : Access.READ;
    }

    private static long exceptionClass(Map<String, Long> registers) {
        return registers.getOrDefault("esr", 0L) >>> CLASS_SHIFT & 0x3f;
    }

    /**
     * Whether an instruction stores. Needed only where the kernel doesn't tell esr: emulators, and faults that aren't
     * of memory. No disassembler: bit 22 is 1 in loads; single registers have two bits for it, and literals are always
     * loaded.
     */
    static boolean isStore(int code) {
        boolean isLoadOrStore = (code & 0x0a000000) == 0x08000000;
        if (!isLoadOrStore) {
            return (code & 0xffffffe0) == 0xd50b7420; // dc zva
        }
        if ((code & 0x3b000000) == 0x18000000) {
            return false; // a literal
        }
        if ((code & 0x3b200c00) == 0x38200000) {
            return true; // an atomic operation: it loads and stores
        }
        if ((code & 0x3a000000) == 0x38000000) {
            int operation = code >>> 22 & 3;
            boolean isVector128 = (code & 0xc4000000) == 0x04000000;
            return operation == 0 || (operation == 2 && isVector128);
        }
        return (code & 1 << 22) == 0;
    }

    /** 0 if it couldn't be read. */
    private static int word(MemorySegment instruction) {
        return instruction.byteSize() < Integer.BYTES ? 0 : instruction.get(JAVA_INT_UNALIGNED, 0);
    }
}
