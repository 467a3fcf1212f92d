package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

import dev.linen.internal.binding.SyscallInstruction;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.seccomp_data;
import dev.linen.internal.linux.sock_filter;
import dev.linen.internal.linux.sock_fprog;
import dev.linen.testing.Skip;

/**
 * Answers all system calls that the calling thread makes through linen, in place of the kernel, which executes none of
 * them. For child JVMs: the thread stays in this state.
 */
final class Supervisor {

    /** What arrived: the number and the six registers. */
    record Arrival(long number, long[] registers) {}

    private static final int LOAD = Kernel.BPF_LD | Kernel.BPF_W | Kernel.BPF_ABS;
    private static final int UNLESS = Kernel.BPF_JMP | Kernel.BPF_JEQ | Kernel.BPF_K;
    private static final int DECIDE = Kernel.BPF_RET | Kernel.BPF_K;

    private static final int FIRST_ERRNO = 77;
    private static final int ERRNOS = 7;

    // struct seccomp_notif: id, pid, flags, data; struct seccomp_notif_resp: id, val, error, flags
    private static final long DATA = 16;
    private static final long ERROR = 16;
    private static final long NOTIFICATION_BYTES = DATA + seccomp_data.sizeof();
    private static final long RESPONSE_BYTES = 24;
    private static final int REGISTERS = 6;

    /** Whether this process already has a filter, such as a container's. */
    private final boolean isFiltered;

    private final CompletableFuture<Long> listener = new CompletableFuture<>();
    private volatile int arrived;
    private volatile Arrival last = new Arrival(-1, new long[REGISTERS]);

    private Supervisor(boolean isFiltered) {
        this.isFiltered = isFiltered;
    }

    /** From now on, the calling thread's calls are answered. Exits the process with a reason if that isn't possible. */
    static Supervisor ofThisThread() {
        Syscall.invoke(SyscallNumber.GETPID); // loads linen
        Supervisor supervisor = new Supervisor(Syscall.invoke(SyscallNumber.PRCTL, Kernel.PR_GET_SECCOMP) != 0);
        Thread answering = new Thread(supervisor::answer, "answering");
        answering.setDaemon(true);
        answering.start(); // before the filter, which threads that start later would inherit
        try (Arena arena = Arena.ofConfined()) {
            Syscall.invoke(SyscallNumber.PRCTL, Kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            long descriptor = Syscall.invoke(SyscallNumber.SECCOMP, Kernel.SECCOMP_SET_MODE_FILTER,
                    Kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER, filter(arena).address());
            Skip.unless(!Syscall.isError(descriptor), "no seccomp listener here: " + Errno.ofResult(descriptor));
            supervisor.listener.complete(descriptor);
        }
        return supervisor;
    }

    /** The number of calls that have arrived. */
    int arrived() {
        return arrived;
    }

    /** The one that arrived last. */
    Arrival last() {
        return last;
    }

    /** Whether another filter, such as a container's, has refused a call, after {@code before} had arrived. */
    boolean isRefusedElsewhere(int before, long result) {
        return isFiltered && arrived == before && (result == Errno.EPERM.result() || result == Errno.ENOSYS.result());
    }

    /** The result that the last one was given. */
    long answer(int call) {
        return -(FIRST_ERRNO + call % ERRNOS);
    }

    private static MemorySegment filter(Arena arena) {
        long address = SyscallInstruction.end();
        int low = (int) seccomp_data.instruction_pointer$offset();
        int[][] instructions = {{LOAD, 0, low}, {UNLESS, 3, (int) address}, {LOAD, 0, low + Integer.BYTES},
                {UNLESS, 1, (int) (address >>> Integer.SIZE)}, {DECIDE, 0, Kernel.SECCOMP_RET_USER_NOTIF},
                {DECIDE, 0, Kernel.SECCOMP_RET_ALLOW}};
        MemorySegment program = sock_filter.allocateArray(instructions.length, arena);
        for (int i = 0; i < instructions.length; i++) {
            MemorySegment instruction = sock_filter.asSlice(program, i);
            sock_filter.code(instruction, (short) instructions[i][0]);
            sock_filter.jf(instruction, (byte) instructions[i][1]);
            sock_filter.k(instruction, instructions[i][2]);
        }
        MemorySegment filter = arena.allocate(sock_fprog.layout());
        filter.set(JAVA_SHORT, 0, (short) instructions.length);
        filter.set(ADDRESS, ADDRESS.byteSize(), program);
        return filter;
    }

    private void answer() {
        long descriptor = listener.join();
        MemorySegment notification = Arena.global().allocate(NOTIFICATION_BYTES, Long.BYTES);
        MemorySegment response = Arena.global().allocate(RESPONSE_BYTES, Long.BYTES);
        while (true) {
            notification.fill((byte) 0);
            require(Syscall.invoke(SyscallNumber.IOCTL, descriptor, Kernel.SECCOMP_IOCTL_NOTIF_RECV,
                    notification.address()));
            long[] registers = new long[REGISTERS];
            for (int i = 0; i < REGISTERS; i++) {
                registers[i] = notification.get(JAVA_LONG, DATA + seccomp_data.args$offset() + (long) i * Long.BYTES);
            }
            last = new Arrival(notification.get(JAVA_INT, DATA + seccomp_data.nr$offset()), registers);
            response.fill((byte) 0);
            response.set(JAVA_LONG, 0, notification.get(JAVA_LONG, 0));
            response.set(JAVA_INT, ERROR, (int) answer(arrived));
            arrived++;
            require(Syscall.invoke(SyscallNumber.IOCTL, descriptor, Kernel.SECCOMP_IOCTL_NOTIF_SEND,
                    response.address()));
        }
    }

    private static void require(long result) {
        if (result != 0) {
            System.err.println("ioctl of the listener: " + Errno.ofResult(result));
            Runtime.getRuntime().halt(1); // the supervised thread would wait forever
        }
    }
}
