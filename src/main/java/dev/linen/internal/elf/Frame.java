package dev.linen.internal.elf;

/**
 * One function of a backtrace.
 *
 * @param programCounter the address of the instruction that faulted, or the return address in this function
 * @param instruction an address within the current instruction, to be used for finding the symbol: a return address is
 *        after the call, and may already belong to the next function
 * @param origin how the frame was found
 */
public record Frame(long programCounter, long instruction, Origin origin) {

    /** How a frame was found; the most reliable origin comes first. */
    public enum Origin {
        /** The function that faulted. */
        INSTRUCTION_POINTER,
        /** Found by the compiler's unwind tables for the callee. */
        UNWIND_TABLE,
        /**
         * Found by the frame pointer of the callee, which has no tables. If the callee keeps no frame pointer, frames
         * are missing.
         */
        FRAME_POINTER,
        /**
         * Found where the call left it, on top of the stack or in the link register: the callee isn't code (a call of
         * NULL), or hasn't saved anything yet.
         */
        STACK_TOP
    }

    static Frame of(Registers registers, Origin origin) {
        return new Frame(registers.programCounter(), registers.instruction(), origin);
    }
}
