package dev.linen.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import dev.linen.function.MachineCode;
import dev.linen.function.NativeFunction;
import dev.linen.internal.linux.Machine;

/**
 * A call of a C function with any arguments in registers: up to six of 64 bits, and up to eight doubles. A native
 * thread passes a single argument, so that is the address of what is to be loaded into the registers:
 *
 * <pre>
 *       x86-64                          aarch64
 *   0   the function
 *   8   rdi, rsi, rdx, rcx, r8, r9      x0 to x5
 *   56  xmm0 to xmm7                    d0 to d7
 * </pre>
 */
final class CCall {

    static final int MOST_INTEGERS = 6;
    static final int MOST_DOUBLES = 8;

    private static final long INTEGERS = 8;
    private static final long DOUBLES = INTEGERS + MOST_INTEGERS * Long.BYTES;
    private static final long BYTES = DOUBLES + MOST_DOUBLES * Double.BYTES;

    /** The code of a CPU: the call, what moves a double into the register of other results, and the return. */
    private static final class Code {
        private final int[] call;
        private final int[] moveDouble;
        private final int[] end;

        Code(int[] call, int[] moveDouble, int[] end) {
            this.call = call;
            this.moveDouble = moveDouble;
            this.end = end;
        }
    }

    private static final Code X86 = new Code(new int[]{0x55, // push %rbp
            0x48, 0x89, 0xe5, // mov %rsp,%rbp
            0x49, 0x89, 0xfa, // mov %rdi,%r10
            0xf2, 0x41, 0x0f, 0x10, 0x42, 0x38, // movsd 56(%r10),%xmm0
            0xf2, 0x41, 0x0f, 0x10, 0x4a, 0x40, // movsd 64(%r10),%xmm1
            0xf2, 0x41, 0x0f, 0x10, 0x52, 0x48, // movsd 72(%r10),%xmm2
            0xf2, 0x41, 0x0f, 0x10, 0x5a, 0x50, // movsd 80(%r10),%xmm3
            0xf2, 0x41, 0x0f, 0x10, 0x62, 0x58, // movsd 88(%r10),%xmm4
            0xf2, 0x41, 0x0f, 0x10, 0x6a, 0x60, // movsd 96(%r10),%xmm5
            0xf2, 0x41, 0x0f, 0x10, 0x72, 0x68, // movsd 104(%r10),%xmm6
            0xf2, 0x41, 0x0f, 0x10, 0x7a, 0x70, // movsd 112(%r10),%xmm7
            0x49, 0x8b, 0x7a, 0x08, // mov 8(%r10),%rdi
            0x49, 0x8b, 0x72, 0x10, // mov 16(%r10),%rsi
            0x49, 0x8b, 0x52, 0x18, // mov 24(%r10),%rdx
            0x49, 0x8b, 0x4a, 0x20, // mov 32(%r10),%rcx
            0x4d, 0x8b, 0x42, 0x28, // mov 40(%r10),%r8
            0x4d, 0x8b, 0x4a, 0x30, // mov 48(%r10),%r9
            0xb8, 0x08, 0x00, 0x00, 0x00, // mov $8,%eax: a function with "..." wants to know how many xmm
            0x41, 0xff, 0x12}, // call *(%r10)
            new int[]{0x66, 0x48, 0x0f, 0x7e, 0xc0}, // movq %xmm0,%rax
            new int[]{0x5d, 0xc3}); // pop %rbp; ret

    private static final Code AARCH64 = new Code(new int[]{0xfd, 0x7b, 0xbf, 0xa9, // stp x29,x30,[sp,#-16]!
            0xfd, 0x03, 0x00, 0x91, // mov x29,sp
            0xe9, 0x03, 0x00, 0xaa, // mov x9,x0
            0x20, 0x85, 0x43, 0x6d, // ldp d0,d1,[x9,#56]
            0x22, 0x8d, 0x44, 0x6d, // ldp d2,d3,[x9,#72]
            0x24, 0x95, 0x45, 0x6d, // ldp d4,d5,[x9,#88]
            0x26, 0x9d, 0x46, 0x6d, // ldp d6,d7,[x9,#104]
            0x20, 0x85, 0x40, 0xa9, // ldp x0,x1,[x9,#8]
            0x22, 0x8d, 0x41, 0xa9, // ldp x2,x3,[x9,#24]
            0x24, 0x95, 0x42, 0xa9, // ldp x4,x5,[x9,#40]
            0x29, 0x01, 0x40, 0xf9, // ldr x9,[x9]
            0x20, 0x01, 0x3f, 0xd6}, // blr x9
            new int[]{0x00, 0x00, 0x66, 0x9e}, // fmov x0,d0
            new int[]{0xfd, 0x7b, 0xc1, 0xa8, // ldp x29,x30,[sp],#16
                    0xc0, 0x03, 0x5f, 0xd6}); // ret

    private static final Code CODE = Machine.THIS == Machine.AARCH64 ? AARCH64 : X86;

    private CCall() {}

    /** Whether a call needs this: a thread itself can pass one argument of 64 bits, and take a result of 64 bits. */
    static boolean isNeeded(List<? extends Number> arguments, ResultType result) {
        return arguments.size() > 1 || result == ResultType.DOUBLE
                || arguments.stream().anyMatch(Double.class::isInstance);
    }

    /** The function that a thread can run; its argument is what {@link #registers} returns. */
    static NativeFunction function(ResultType result) {
        int[] taken = result == ResultType.DOUBLE ? CODE.moveDouble : new int[0];
        return MachineCode.of(Stream.of(CODE.call, taken, CODE.end).flatMapToInt(IntStream::of).toArray()).function();
    }

    /** What the code loads into the registers: C assigns them in order, counting integers and doubles separately. */
    static MemorySegment registers(NativeFunction function, List<? extends Number> arguments, Arena arena) {
        List<? extends Number> doubles = arguments.stream().filter(Double.class::isInstance).toList();
        List<? extends Number> integers = arguments.stream().filter(number -> !(number instanceof Double)).toList();
        if (integers.size() > MOST_INTEGERS || doubles.size() > MOST_DOUBLES) {
            throw new BadInput("a function can be called with at most " + MOST_INTEGERS + " whole numbers and "
                    + MOST_DOUBLES + " doubles");
        }
        MemorySegment registers = arena.allocate(BYTES, Long.BYTES);
        registers.set(ADDRESS, 0, function.address());
        for (int i = 0; i < integers.size(); i++) {
            registers.set(JAVA_LONG, INTEGERS + i * (long) Long.BYTES, integers.get(i).longValue());
        }
        for (int i = 0; i < doubles.size(); i++) {
            registers.set(JAVA_DOUBLE, DOUBLES + i * (long) Double.BYTES, doubles.get(i).doubleValue());
        }
        return registers;
    }
}
