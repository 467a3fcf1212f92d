package dev.linen.internal.elf;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Finds a caller by the frame pointer, for code without unwind tables: from a JIT compiler, or written in assembly.
 *
 * <pre>
 *         │ caller's frame │
 *         ├────────────────┤
 *   rbp+8 │ return address │
 *   rbp   │ caller's rbp   │──► the next such pair, above; 0 in the outermost function
 *         │ locals         │
 *   rsp   └────────────────┘
 *
 *  push %rbp; mov %rsp,%rbp       the first instructions of a function with a frame pointer
 * </pre>
 *
 * <p>A function without a frame pointer leaves the value of its caller in rbp. The chain then continues, but that
 * caller is missing.
 */
final class FramePointers {

    private FramePointers() {}

    /**
     * Returns the caller; empty if rbp doesn't point to a pair on the stack: it is below rsp, misaligned or unreadable.
     */
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

    /**
     * Returns the caller of a function that hasn't pushed anything, so that the return address is on top of the stack.
     */
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
