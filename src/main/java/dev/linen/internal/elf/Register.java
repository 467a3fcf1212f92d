package dev.linen.internal.elf;

import java.util.Optional;

/**
 * The registers of x86-64 that a backtrace needs, in the order of their numbers in DWARF.
 *
 * <p>Only this class and {@link FramePointers} are specific to x86-64.
 *
 * @see <a href="https://gitlab.com/x86-psABIs/x86-64-ABI">System V ABI, DWARF register number mapping</a>
 */
public enum Register {
    RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15,
    /** The instruction pointer, which DWARF calls the return address. */
    RIP;

    static final Register STACK_POINTER = RSP;
    static final Register FRAME_POINTER = RBP;
    static final Register PROGRAM_COUNTER = RIP;

    private static final Register[] ALL = values();

    /**
     * Returns the register with a DWARF number; empty for registers that aren't used for unwinding, such as vector
     * registers.
     */
    static Optional<Register> ofNumber(long number) {
        return number >= 0 && number < ALL.length ? Optional.of(ALL[(int) number]) : Optional.empty();
    }
}
