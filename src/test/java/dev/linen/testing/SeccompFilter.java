package dev.linen.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.seccomp_data;
import dev.linen.internal.linux.sock_filter;
import dev.linen.internal.linux.sock_fprog;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * Forbids a system call for the current thread, permanently, as container runtimes do. Uses libc, so that it works
 * before linen is loaded.
 */
public final class SeccompFilter {

    private SeccompFilter() {}

    private static final int LOAD = Kernel.BPF_LD | Kernel.BPF_W | Kernel.BPF_ABS;
    private static final int SKIP_UNLESS = Kernel.BPF_JMP | Kernel.BPF_JEQ | Kernel.BPF_K;
    private static final int DECIDE = Kernel.BPF_RET | Kernel.BPF_K;

    private record Instruction(int code, int operand, int skipped) {}

    /** Makes a system call fail. */
    public static void refuse(long syscallNumber, int errno) {
        install(List.of(new Instruction(LOAD, (int) seccomp_data.nr$offset(), 0),
                new Instruction(SKIP_UNLESS, (int) syscallNumber, 1),
                new Instruction(DECIDE, Kernel.SECCOMP_RET_ERRNO | errno, 0),
                new Instruction(DECIDE, Kernel.SECCOMP_RET_ALLOW, 0)));
    }

    /**
     * Makes a system call with a given first argument end the calling thread. Applies to this thread and to threads
     * that it creates.
     */
    public static void endWhoCalls(long syscallNumber, int firstArgument) {
        install(List.of(new Instruction(LOAD, (int) seccomp_data.nr$offset(), 0),
                new Instruction(SKIP_UNLESS, (int) syscallNumber, 3),
                new Instruction(LOAD, (int) seccomp_data.args$offset(), 0), // the lower half of the argument
                new Instruction(SKIP_UNLESS, firstArgument, 1),
                new Instruction(DECIDE, Kernel.SECCOMP_RET_KILL_THREAD, 0),
                new Instruction(DECIDE, Kernel.SECCOMP_RET_ALLOW, 0)));
    }

    /**
     * Makes a system call block until a signal arrives, by waiting for a supervisor that never answers. Applies to this
     * thread and to threads that it creates. Uses linen, which may already be loaded.
     *
     * @return false if there already is another supervisor, in which case this one can't be installed
     */
    public static boolean holdWhoCalls(long syscallNumber) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = program(arena, List.of(new Instruction(LOAD, (int) seccomp_data.nr$offset(), 0),
                    new Instruction(SKIP_UNLESS, (int) syscallNumber, 1),
                    new Instruction(DECIDE, Kernel.SECCOMP_RET_USER_NOTIF, 0),
                    new Instruction(DECIDE, Kernel.SECCOMP_RET_ALLOW, 0)));
            prctl(Kernel.PR_SET_NO_NEW_PRIVS, 1, MemorySegment.NULL);
            long supervisor = Syscall.invoke(SyscallNumber.SECCOMP, Kernel.SECCOMP_SET_MODE_FILTER,
                    Kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER, program.address());
            if (Syscall.isError(supervisor) && supervisor != -Errno.EBUSY.number()) {
                throw new AssertionError("seccomp: " + supervisor);
            }
            return !Syscall.isError(supervisor);
        }
    }

    private static void install(List<Instruction> filter) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = program(arena, filter);
            prctl(Kernel.PR_SET_NO_NEW_PRIVS, 1, MemorySegment.NULL);
            prctl(Kernel.PR_SET_SECCOMP, Kernel.SECCOMP_MODE_FILTER, program);
        }
    }

    private static MemorySegment program(Arena arena, List<Instruction> filter) {
        MemorySegment instructions = sock_filter.allocateArray(filter.size(), arena);
        for (int i = 0; i < filter.size(); i++) {
            MemorySegment instruction = sock_filter.asSlice(instructions, i);
            sock_filter.code(instruction, (short) filter.get(i).code());
            sock_filter.k(instruction, filter.get(i).operand());
            sock_filter.jf(instruction, (byte) filter.get(i).skipped());
        }
        MemorySegment program = arena.allocate(sock_fprog.layout());
        sock_fprog.len(program, (short) filter.size());
        sock_fprog.filter(program, instructions);
        return program;
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
