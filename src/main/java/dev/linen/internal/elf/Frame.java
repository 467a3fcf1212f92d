package dev.linen.internal.elf;

/**
 * One function of a backtrace.
 *
 * @param programCounter where it is: the faulting instruction, or the return address into it
 * @param instruction an address within the instruction that it is at, by which to look for its symbol: a return address is
 *        behind the call, and may be the next function's
 * @param origin how it was found
 */
public record Frame(long programCounter, long instruction, Origin origin) {

    /** How a frame was found, the surest first. */
    public enum Origin {
        /** It is the one that faulted. */
        INSTRUCTION_POINTER,
        /** By the tables that the compiler made for its callee. */
        UNWIND_TABLE,
        /** By the frame pointer of its callee, which has no tables. If that didn't keep one, frames are missing in between. */
        FRAME_POINTER,
        /** On top of the stack: the callee is no code (a call of NULL), or had put nothing on it yet. */
        STACK_TOP
    }

    static Frame of(Registers registers, Origin origin) {
        return new Frame(registers.programCounter(), registers.instruction(), origin);
    }
}
