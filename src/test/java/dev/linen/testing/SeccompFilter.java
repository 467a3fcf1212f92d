package dev.linen.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.seccomp_data;
import dev.linen.internal.linux.sock_filter;
import dev.linen.internal.linux.sock_fprog;

/** Takes a system call away from the current thread, for good: as container runtimes do. By libc, before linen loads. */
public final class SeccompFilter {

    private SeccompFilter() {}

    /** Makes a system call fail. */
    public static void refuse(int syscallNumber, int errno) {
        int load = Kernel.BPF_LD() | Kernel.BPF_W() | Kernel.BPF_ABS();
        int jumpIfEqual = Kernel.BPF_JMP() | Kernel.BPF_JEQ() | Kernel.BPF_K();
        int give = Kernel.BPF_RET() | Kernel.BPF_K();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = sock_filter.allocateArray(4, arena);
            instruction(program, 0, load, (int) seccomp_data.nr$offset(), 0);
            instruction(program, 1, jumpIfEqual, syscallNumber, /* else skip */ 1);
            instruction(program, 2, give, Kernel.SECCOMP_RET_ERRNO() | errno, 0);
            instruction(program, 3, give, Kernel.SECCOMP_RET_ALLOW(), 0);
            MemorySegment filter = arena.allocate(sock_fprog.layout());
            sock_fprog.len(filter, (short) 4);
            sock_fprog.filter(filter, program);
            prctl(Kernel.PR_SET_NO_NEW_PRIVS(), 1, MemorySegment.NULL);
            prctl(Kernel.PR_SET_SECCOMP(), Kernel.SECCOMP_MODE_FILTER(), filter);
        }
    }

    private static void instruction(MemorySegment program, long index, int code, int operand, int skipIfFalse) {
        MemorySegment instruction = sock_filter.asSlice(program, index);
        sock_filter.code(instruction, (short) code);
        sock_filter.k(instruction, operand);
        sock_filter.jf(instruction, (byte) skipIfFalse);
    }

    private static void prctl(int option, long second, MemorySegment third) {
        Linker linker = Linker.nativeLinker();
        MethodHandle prctl = linker.downcallHandle(linker.defaultLookup().find("prctl").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1));
        try {
            int result = (int) prctl.invokeExact(option, second, third, 0L, 0L);
            if (result != 0) {
                throw new AssertionError("prctl(" + option + ") is refused");
            }
        } catch (Throwable failed) {
            throw new AssertionError(failed);
        }
    }
}
