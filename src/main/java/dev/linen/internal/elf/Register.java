package dev.linen.internal.elf;

import java.util.Optional;

/**
 * The registers of x86-64 that a backtrace needs, in the order of their numbers in DWARF.
 *
 * <p>All that is x86-64 about unwinding is here, and in {@link FramePointers}.
 *
 * @see <a href="https://gitlab.com/x86-psABIs/x86-64-ABI">System V ABI, DWARF register number mapping</a>
 */
public enum Register {
    RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15,
    /** What DWARF calls the return address. */
    RIP;

    static final Register STACK_POINTER = RSP;
    static final Register FRAME_POINTER = RBP;
    static final Register PROGRAM_COUNTER = RIP;

    private static final Register[] ALL = values();

    /** Empty for vector registers and the like: no frame is found by them. */
    static Optional<Register> ofNumber(long number) {
        return number >= 0 && number < ALL.length ? Optional.of(ALL[(int) number]) : Optional.empty();
    }
}
