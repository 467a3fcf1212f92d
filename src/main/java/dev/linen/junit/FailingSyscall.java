package dev.linen.junit;

import static dev.linen.internal.linux.Kernel.BPF_ABS;
import static dev.linen.internal.linux.Kernel.BPF_JEQ;
import static dev.linen.internal.linux.Kernel.BPF_JMP;
import static dev.linen.internal.linux.Kernel.BPF_K;
import static dev.linen.internal.linux.Kernel.BPF_LD;
import static dev.linen.internal.linux.Kernel.BPF_RET;
import static dev.linen.internal.linux.Kernel.BPF_W;
import static dev.linen.internal.linux.Kernel.PR_SET_NO_NEW_PRIVS;
import static dev.linen.internal.linux.Kernel.SECCOMP_RET_ALLOW;
import static dev.linen.internal.linux.Kernel.SECCOMP_RET_ERRNO;
import static dev.linen.internal.linux.Kernel.SECCOMP_SET_MODE_FILTER;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import dev.linen.internal.linux.seccomp_data;
import dev.linen.internal.linux.sock_filter;
import dev.linen.internal.linux.sock_fprog;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Makes a system call fail, with a seccomp filter. The filter applies to the calling thread and to the threads that it
 * starts later, and can't be removed; therefore use it in a {@link ChildJvm}. Other existing threads of the JVM aren't
 * affected.
 *
 * <pre>{@code
 * FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, 65536).with(Errno.ENOMEM);
 * }</pre>
 */
public final class FailingSyscall {

    private static final int MOST_ARGUMENTS = 6;

    private record Instruction(int code, int jumpTrue, int jumpFalse, int operand) {}

    private final List<long[]> conditions = new ArrayList<>();
    private final long number;

    private FailingSyscall(long number) {
        this.number = number;
    }

    /**
     * Returns a failure of a system call.
     *
     * @param number the call, one of {@link SyscallNumber}
     * @return the failure, which isn't in force yet
     */
    public static FailingSyscall of(long number) {
        return new FailingSyscall(number);
    }

    /**
     * Adds a condition: the call fails only if the low 32 bits of an argument have this value. If there are several
     * conditions, the call fails only if all are met.
     *
     * @param index the index of the argument, from 0 to 5
     * @param value the value
     * @return this failure
     */
    public FailingSyscall whenArgument(int index, long value) {
        Objects.checkIndex(index, MOST_ARGUMENTS);
        conditions.add(new long[]{seccomp_data.args$offset() + (long) index * Long.BYTES, value});
        return this;
    }

    /**
     * Installs the filter: from now on the call fails with this error.
     *
     * @param errno the error; the call isn't executed
     * @throws SyscallException from {@code prctl} or {@code seccomp}
     */
    public void with(Errno errno) {
        List<Instruction> program = new ArrayList<>();
        conditions.add(0, new long[]{seccomp_data.nr$offset(), number});
        int remaining = conditions.size();
        for (long[] condition : conditions) {
            remaining--;
            program.add(new Instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, (int) condition[0]));
            int toAllow = 2 * remaining + 1; // skips the remaining conditions and the failure
            program.add(new Instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, toAllow, (int) condition[1]));
        }
        program.add(new Instruction(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | errno.number()));
        program.add(new Instruction(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW));
        install(program);
    }

    private static void install(List<Instruction> program) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = arena.allocate(sock_filter.layout(), program.size());
            for (int i = 0; i < program.size(); i++) {
                MemorySegment slot = filter.asSlice(i * sock_filter.sizeof(), sock_filter.layout());
                sock_filter.code(slot, (short) program.get(i).code());
                sock_filter.jt(slot, (byte) program.get(i).jumpTrue());
                sock_filter.jf(slot, (byte) program.get(i).jumpFalse());
                sock_filter.k(slot, program.get(i).operand());
            }
            MemorySegment fprog = arena.allocate(sock_fprog.layout());
            sock_fprog.len(fprog, (short) program.size());
            sock_fprog.filter(fprog, filter);
            check(Syscall.invoke(SyscallNumber.PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
            check(Syscall.invoke(SyscallNumber.SECCOMP, SECCOMP_SET_MODE_FILTER, 0, fprog.address()), "seccomp");
        }
    }

    private static void check(long result, String call) {
        if (Syscall.isError(result)) {
            throw new SyscallException(call, result);
        }
    }
}
