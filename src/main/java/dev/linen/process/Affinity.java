package dev.linen.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.internal.binding.ThreadWord;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * The CPU affinity of a thread: the CPUs that a Java thread or a native thread may run on.
 *
 * <pre>{@code
 * Affinity.set(thread.tid(), CpuSet.of(2));    // a running native thread
 * Affinity.setCurrent(CpuSet.range(0, 1));     // the calling Java thread
 * }</pre>
 *
 * <p>A new thread inherits the CPUs of its creator. The kernel removes CPUs from the set that are offline or that the
 * thread's control group (cpuset) doesn't allow. Therefore {@code get} after {@code set} may return fewer CPUs.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html">sched_setaffinity(2)</a>
 */
public final class Affinity {

    private Affinity() {}

    /**
     * Returns the CPUs that a thread may run on:
     * {@code int sched_getaffinity(pid_t pid, unsigned int len, unsigned long *mask)}.
     *
     * @param tid the id of a thread of any process; 0 for the calling thread, or its carrier if it is virtual
     * @return those of its CPUs that are online
     * @throws IllegalArgumentException if the tid is negative
     * @throws SyscallException ESRCH: no such thread
     */
    public static CpuSet get(int tid) {
        return CpuSet.ofMask(AffinityMask.of(Tid.require(tid)));
    }

    /**
     * Binds a thread to CPUs: {@code int sched_setaffinity(pid_t pid, unsigned int len, unsigned long *mask)}. If the
     * thread runs on another CPU, the kernel moves it before this method returns.
     *
     * @param tid the id of a thread of any process; 0 for the calling thread
     * @param cpus the CPUs, at least one
     * @throws IllegalArgumentException if the set is empty or the tid is negative
     * @throws WrongThreadException if the tid is 0 on a virtual thread
     * @throws SyscallException EINVAL: none of the CPUs is online and allowed for the thread; ESRCH: no such thread;
     *         EPERM: the thread belongs to another user, and the caller has no CAP_SYS_NICE
     */
    public static void set(int tid, CpuSet cpus) {
        Tid.requireChangeable(tid);
        if (cpus.isEmpty()) {
            throw new IllegalArgumentException("the set of CPUs is empty: a thread needs at least one CPU to run on");
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
     * Returns the CPUs that the calling thread may run on; on a virtual thread, those of its carrier thread.
     *
     * @return those of its CPUs that are online
     */
    public static CpuSet current() {
        return get(Tid.CURRENT);
    }

    /**
     * Returns the CPU that the calling thread runs on: {@code int getcpu(unsigned int *cpu, NULL)}. The kernel may move
     * the thread to another CPU at any time, unless it is bound to one.
     *
     * <p>Where libc has registered a restartable sequence for the thread (glibc 2.35 or newer), this reads what the
     * kernel has written there, without a system call.
     *
     * @return the number of the CPU
     * @throws SyscallException ENOSYS from a seccomp filter, and there is no restartable sequence
     * @see <a href="https://man7.org/linux/man-pages/man2/getcpu.2.html">getcpu(2)</a>
     */
    public static int cpu() {
        int cpu = ThreadWord.cpu();
        return cpu >= 0 ? cpu : getcpu();
    }

    static int getcpu() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(JAVA_INT);
            long result = Syscall.invoke(SyscallNumber.GETCPU, number.address(), 0, 0);
            if (Syscall.isError(result)) {
                throw new SyscallException("getcpu", result, SyscallException.hex(number.address()), "NULL");
            }
            return number.get(JAVA_INT, 0);
        }
    }

    /**
     * Binds the calling thread to CPUs.
     *
     * @param cpus the CPUs, at least one
     * @throws IllegalArgumentException if the set is empty
     * @throws WrongThreadException if the calling thread is virtual: this would bind its carrier thread, which also
     *         runs other virtual threads
     * @throws SyscallException EINVAL: none of the CPUs is online and allowed for this thread
     */
    public static void setCurrent(CpuSet cpus) {
        set(Tid.CURRENT, cpus);
    }
}
