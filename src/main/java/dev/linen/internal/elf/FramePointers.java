package dev.linen.internal.elf;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Finds a caller by the frame pointer, for code without unwind tables: from a JIT compiler, or written in assembly.
 *
 * <pre>
 *  x86-64 │ caller's frame │          aarch64 │ caller's frame │
 *         ├────────────────┤                  ├────────────────┤
 *   rbp+8 │ return address │                  │ locals         │
 *   rbp   │ caller's rbp   │──►         x29+8 │ return address │
 *         │ locals         │            x29   │ caller's x29   │──► the next such pair, above; 0 in the outermost
 *   rsp   └────────────────┘            sp    └────────────────┘    function
 *
 *  push %rbp                          stp x29, x30, [sp, #-32]!
 *  mov  %rsp,%rbp                     mov x29, sp                the first instructions with a frame pointer
 * </pre>
 *
 * <p>A function without a frame pointer leaves the value of its caller in the register. The chain then continues, but
 * that caller is missing. On aarch64 the size of the caller's frame isn't known, so that its stack pointer is only the
 * least that it can be.
 */
final class FramePointers {

    private FramePointers() {}

    /**
     * Returns the caller; empty if the frame pointer doesn't point to a pair on the stack: it is below the stack pointer,
     * misaligned or unreadable.
     */
    static Optional<Registers> caller(Registers callee, Range stack, AddressSpace memory) {
        long pair = callee.get(Register.FRAME_POINTER);
        if (!stack.contains(pair, 2 * Long.BYTES) || pair % Long.BYTES != 0
                || Long.compareUnsigned(pair, callee.stackPointer()) < 0) {
            return Optional.empty();
        }
        try {
            Bytes bytes = Bytes.at(memory, pair, 2 * Long.BYTES);
            long framePointer = bytes.u64();
            long returnAddress = Register.LINK_REGISTER.isEmpty()
                    ? bytes.u64()
                    : Registers.unsigned(bytes.u64(), memory);
            return Optional.of(Registers.calling(register -> register == Register.FRAME_POINTER
                    ? framePointer
                    : register == Register.STACK_POINTER
                            ? pair + 2 * Long.BYTES
                            : register == Register.PROGRAM_COUNTER ? returnAddress : callee.get(register)));
        } catch (Malformed unreadable) {
            return Optional.empty();
        }
    }

    /**
     * Returns the caller of a function that has saved nothing, so that the return address is still where the call left
     * it: on top of the stack, or in the link register.
     */
    static Optional<Registers> callerOfNoFrame(Registers callee, Range stack, AddressSpace memory) {
        long top = callee.stackPointer();
        if (Register.LINK_REGISTER.isPresent()) {
            return Optional
                    .of(calling(callee, top, Registers.unsigned(callee.get(Register.LINK_REGISTER.get()), memory)));
        }
        if (!stack.contains(top, Long.BYTES) || top % Long.BYTES != 0) {
            return Optional.empty();
        }
        OptionalLong returnAddress = memory.longAt(top);
        return returnAddress.isEmpty()
                ? Optional.empty()
                : Optional.of(calling(callee, top + Long.BYTES, returnAddress.getAsLong()));
    }

    private static Registers calling(Registers callee, long stackPointer, long returnAddress) {
        return Registers.calling(register -> register == Register.STACK_POINTER
                ? stackPointer
                : register == Register.PROGRAM_COUNTER ? returnAddress : callee.get(register));
    }
}
