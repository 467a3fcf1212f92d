package dev.linen.process;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * The CPUs that a thread may run on, Java's threads and native ones.
 *
 * <pre>{@code
 * Affinity.set(thread.tid(), CpuSet.of(2));    // a running native thread
 * Affinity.setCurrent(CpuSet.range(0, 1));     // the calling Java thread
 * }</pre>
 *
 * <p>A new thread begins with its creator's CPUs. The kernel takes CPUs away from the set that are offline or that the
 * thread's control group (cpuset) doesn't allow; so {@code get} after {@code set} may give fewer.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html">sched_setaffinity(2)</a>
 */
public final class Affinity {

    /** 1024 CPUs: enough for nearly every kernel at the first try. */
    private static final int FIRST_WORDS = 1024 / Long.SIZE;

    private static final int MOST_WORDS = CpuSet.MOST_CPUS / Long.SIZE;

    private Affinity() {}

    /**
     * The CPUs that a thread may run on: {@code int sched_getaffinity(pid_t pid, unsigned int len, unsigned long *mask)}.
     *
     * @param tid a thread's id, of any process; 0 for the calling thread
     * @return its CPUs that are online
     * @throws IllegalArgumentException when the tid is negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread
     * @throws SyscallException ESRCH: no such thread
     */
    public static CpuSet get(int tid) {
        return ask(Tid.require(tid));
    }

    /** The same for whatever thread this is; 0 on a virtual thread means its carrier. */
    static CpuSet ask(int tid) {
        // The kernel refuses a mask that is shorter than its own (EINVAL), and doesn't tell how long that is.
        for (int words = FIRST_WORDS;; words *= 2) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment mask = arena.allocate(JAVA_LONG, words);
                long bytes = Syscall.invoke(SyscallNumber.SCHED_GETAFFINITY, tid, mask.byteSize(), mask.address());
                if (!Syscall.isError(bytes)) {
                    return CpuSet.ofMask(mask.asSlice(0, bytes).toArray(JAVA_LONG));
                } else if (bytes != Errno.EINVAL.result() || words >= MOST_WORDS) {
                    throw new SyscallException("sched_getaffinity", bytes, tid, mask.byteSize(),
                            SyscallException.hex(mask.address()));
                }
            }
        }
    }

    /**
     * Binds a thread to CPUs: {@code int sched_setaffinity(pid_t pid, unsigned int len, unsigned long *mask)}. When it runs
     * on another one, it has moved when this returns.
     *
     * @param tid a thread's id, of any process; 0 for the calling thread
     * @param cpus the CPUs, at least one
     * @throws IllegalArgumentException when the set is empty or the tid negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread
     * @throws SyscallException EINVAL: none of the CPUs is online and allowed to it; ESRCH: no such thread; EPERM: another
     *         user's thread, and the caller has no CAP_SYS_NICE
     */
    public static void set(int tid, CpuSet cpus) {
        Tid.require(tid);
        if (cpus.isEmpty()) {
            throw new IllegalArgumentException("a thread needs at least one CPU to run on; this set is empty");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocateFrom(JAVA_LONG, cpus.toMask());
            long result = Syscall.invoke(SyscallNumber.SCHED_SETAFFINITY, tid, mask.byteSize(), mask.address());
            if (Syscall.isError(result)) {
                throw new SyscallException("sched_setaffinity", result, tid, mask.byteSize(), "[" + cpus + "]");
            }
        }
    }

    /**
     * The CPUs that the calling thread may run on.
     *
     * @return its CPUs that are online
     * @throws WrongThreadException on a virtual thread: the answer would be its carrier's
     */
    public static CpuSet current() {
        return get(Tid.CURRENT);
    }

    /**
     * Binds the calling thread to CPUs.
     *
     * @param cpus the CPUs, at least one
     * @throws IllegalArgumentException when the set is empty
     * @throws WrongThreadException on a virtual thread: its carrier would be bound, with all that run on it later
     * @throws SyscallException EINVAL: none of the CPUs is online and allowed to this thread
     */
    public static void setCurrent(CpuSet cpus) {
        set(Tid.CURRENT, cpus);
    }
}
