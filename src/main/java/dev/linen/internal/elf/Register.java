package dev.linen.internal.elf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The registers that a backtrace needs, of each CPU in the order of their numbers in DWARF. Those of one CPU are used:
 * {@link #ofThisCpu}.
 *
 * @see <a href="https://gitlab.com/x86-psABIs/x86-64-ABI">System V ABI, DWARF register number mapping</a>
 * @see <a href="https://github.com/ARM-software/abi-aa/blob/main/aadwarf64/aadwarf64.rst">DWARF for AArch64</a>
 */
public enum Register {
    RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15,
    /** The instruction pointer, which DWARF calls the return address. */
    RIP,

    X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15, X16, X17, X18, X19, X20, X21, X22, X23, X24, X25, X26, X27, X28,
    /** The frame pointer. */
    X29,
    /** The link register: the return address, until the function saves it. */
    X30, SP, PC;

    /** What differs between the CPUs. */
    private record Cpu(List<Register> registers, Register stackPointer, Register framePointer,
            Register programCounter, Optional<Register> linkRegister) {

        static Cpu of(String architecture) {
            List<Register> all = Arrays.asList(values());
            int ofX86 = all.indexOf(X0);
            return architecture.equals("aarch64") || architecture.equals("arm64")
                    ? new Cpu(all.subList(ofX86, all.size()), SP, X29, PC, Optional.of(X30))
                    : new Cpu(all.subList(0, ofX86), RSP, RBP, RIP, Optional.empty());
        }
    }

    private static final Cpu CPU = Cpu.of(System.getProperty("os.arch", ""));

    static final Register STACK_POINTER = CPU.stackPointer;
    static final Register FRAME_POINTER = CPU.framePointer;
    static final Register PROGRAM_COUNTER = CPU.programCounter;

    /** Where a call leaves the return address; empty if it pushes it to the stack. */
    static final Optional<Register> LINK_REGISTER = CPU.linkRegister;

    /** Returns the registers of the CPU that this JVM runs on. */
    public static List<Register> ofThisCpu() {
        return CPU.registers;
    }

    /**
     * Returns the register with a DWARF number; empty for registers that aren't used for unwinding, such as vector
     * registers.
     */
    static Optional<Register> ofNumber(long number) {
        return number >= 0 && number < CPU.registers.size()
                ? Optional.of(CPU.registers.get((int) number))
                : Optional.empty();
    }
}
