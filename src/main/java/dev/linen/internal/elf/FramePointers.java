package dev.linen.internal.elf;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Finds a caller by the frame pointer, for code without tables: from a JIT compiler, or written by hand.
 *
 * <pre>
 *         │ caller's frame │
 *         ├────────────────┤
 *   rbp+8 │ return address │
 *   rbp   │ caller's rbp   │──► the next such pair, above; 0 in the outermost function
 *         │ locals         │
 *   rsp   └────────────────┘
 *
 *  push %rbp; mov %rsp,%rbp       what a function begins with that keeps one
 * </pre>
 *
 * <p>A function that keeps none leaves its caller's in rbp: then the chain goes on, but lacks that caller.
 */
final class FramePointers {

    private FramePointers() {}

    /** Empty when rbp points to no pair on the stack: not above rsp, not aligned, or nothing to be read there. */
    static Optional<Registers> caller(Registers callee, Range stack, MemoryReader memory) {
        long pair = callee.get(Register.FRAME_POINTER);
        if (!stack.contains(pair, 2 * Long.BYTES) || pair % Long.BYTES != 0
                || Long.compareUnsigned(pair, callee.stackPointer()) < 0) {
            return Optional.empty();
        }
        try {
            Bytes bytes = Bytes.at(memory, pair, 2 * Long.BYTES);
            long framePointer = bytes.u64();
            long returnAddress = bytes.u64();
            return Optional.of(Registers.calling(register -> switch (register) {
                case RBP -> framePointer;
                case RSP -> pair + 2 * Long.BYTES;
                case RIP -> returnAddress;
                default -> callee.get(register);
            }));
        } catch (Malformed unreadable) {
            return Optional.empty();
        }
    }

    /** The same for a callee that has put nothing on the stack, so that the return address is on top of it. */
    static Optional<Registers> callerAtStackTop(Registers callee, Range stack, MemoryReader memory) {
        long top = callee.stackPointer();
        if (!stack.contains(top, Long.BYTES) || top % Long.BYTES != 0) {
            return Optional.empty();
        }
        OptionalLong returnAddress = memory.longAt(top);
        return returnAddress.isEmpty()
                ? Optional.empty()
                : Optional.of(Registers.calling(register -> switch (register) {
                    case RSP -> top + Long.BYTES;
                    case RIP -> returnAddress.getAsLong();
                    default -> callee.get(register);
                }));
    }
}
