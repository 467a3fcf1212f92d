package dev.linen.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.util.Map.entry;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

import dev.linen.internal.linux.Kernel;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * How the kernel schedules a thread: a policy, and a priority for the policies that have one.
 *
 * <pre>{@code
 * Scheduling.fifo(10).apply(thread.tid());
 * Scheduling.of(thread.tid());                 // SCHED_FIFO, priority 10
 * Scheduling.nice(thread.tid(), 5);
 * }</pre>
 *
 * <p>The set of policies is open: policies and flags without a name here are passed to the kernel unchanged and printed
 * as numbers. The priority is checked by the kernel, which returns EINVAL if it is out of range.
 *
 * <p><b>A thread with a real-time policy (FIFO, RR) takes precedence over all other threads.</b> If it never sleeps, no
 * other thread can run on its CPU. The garbage collector may then wait forever for a Java thread that never runs.
 *
 * @param policy the kernel's {@code SCHED_} number, optionally combined with {@code SCHED_RESET_ON_FORK}
 * @param priority from 1 (lowest) to 99 for FIFO and RR; 0 for the other policies
 * @see <a href="https://man7.org/linux/man-pages/man7/sched.7.html">sched(7)</a>
 */
public record Scheduling(int policy, int priority) {

    private static final Map<Integer, String> NAMES = Map.ofEntries(
            entry(Kernel.SCHED_NORMAL, "SCHED_OTHER"), // SCHED_NORMAL isn't in any man page
            entry(Kernel.SCHED_FIFO, "SCHED_FIFO"),
            entry(Kernel.SCHED_RR, "SCHED_RR"),
            entry(Kernel.SCHED_BATCH, "SCHED_BATCH"),
            entry(Kernel.SCHED_IDLE, "SCHED_IDLE"),
            entry(Kernel.SCHED_DEADLINE, "SCHED_DEADLINE"),
            entry(Kernel.SCHED_EXT, "SCHED_EXT"));

    /** The highest nice value. PRIO_MAX of the header is one more, but setpriority also clamps the value to this. */
    private static final int MOST_NICE = Kernel.PRIO_MAX - 1;

    /**
     * Returns the default policy, {@code SCHED_OTHER}; the kernel's headers call it {@code SCHED_NORMAL}. The share of
     * a thread depends on its {@link #nice(int) nice} value.
     *
     * @return policy OTHER, priority 0
     */
    public static Scheduling other() {
        return new Scheduling(Kernel.SCHED_NORMAL, 0);
    }

    /**
     * Returns the policy for background work, {@code SCHED_BATCH}. It is like OTHER, but a thread that wakes up doesn't
     * preempt running threads.
     *
     * @return policy BATCH, priority 0
     */
    public static Scheduling batch() {
        return new Scheduling(Kernel.SCHED_BATCH, 0);
    }

    /**
     * Returns the policy for work that runs only when a CPU would be idle, {@code SCHED_IDLE}. Its share is lower than
     * with any nice value.
     *
     * @return policy IDLE, priority 0
     */
    public static Scheduling idle() {
        return new Scheduling(Kernel.SCHED_IDLE, 0);
    }

    /**
     * Returns the real-time policy without time slices, {@code SCHED_FIFO}. A thread runs until it sleeps or yields, or
     * until a thread of a higher priority is ready.
     *
     * @param priority from 1 (lowest) to 99 (highest); the kernel rejects other values with EINVAL
     * @return policy FIFO with that priority
     */
    public static Scheduling fifo(int priority) {
        return new Scheduling(Kernel.SCHED_FIFO, priority);
    }

    /**
     * Returns the real-time policy with time slices, {@code SCHED_RR}. It is like FIFO, but threads of the same
     * priority take turns.
     *
     * @param priority from 1 (lowest) to 99 (highest); the kernel rejects other values with EINVAL
     * @return policy RR with that priority
     */
    public static Scheduling roundRobin(int priority) {
        return new Scheduling(Kernel.SCHED_RR, priority);
    }

    /**
     * Returns how a thread is scheduled: {@code int sched_getscheduler(pid_t pid)} and
     * {@code int sched_getparam(pid_t pid, struct sched_param *param)}. These are two calls: if the scheduling is
     * changed between them, the result may combine the old policy with the new priority.
     *
     * @param tid the id of a thread of any process; 0 for the calling thread, or its carrier if it is virtual
     * @return the policy and the priority
     * @throws IllegalArgumentException if the tid is negative
     * @throws SyscallException ESRCH: no such thread
     * @see <a href="https://man7.org/linux/man-pages/man2/sched_setscheduler.2.html">sched_getscheduler(2)</a>
     * @see <a href="https://man7.org/linux/man-pages/man2/sched_setparam.2.html">sched_getparam(2)</a>
     */
    public static Scheduling of(int tid) {
        return new Scheduling(policyOf(Tid.require(tid)), priorityOf(tid));
    }

    private static int policyOf(int tid) {
        long policy = Syscall.invoke(SyscallNumber.SCHED_GETSCHEDULER, tid);
        if (Syscall.isError(policy)) {
            throw new SyscallException("sched_getscheduler", policy, tid);
        }
        return (int) policy;
    }

    private static int priorityOf(int tid) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment param = arena.allocate(JAVA_INT);
            long result = Syscall.invoke(SyscallNumber.SCHED_GETPARAM, tid, param.address());
            if (Syscall.isError(result)) {
                throw new SyscallException("sched_getparam", result, tid, SyscallException.hex(param.address()));
            }
            return param.get(JAVA_INT, 0);
        }
    }

    /**
     * Applies this scheduling to a thread:
     * {@code int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)}. The nice value of the
     * thread doesn't change.
     *
     * @param tid the id of a thread of any process; 0 for the calling thread
     * @throws IllegalArgumentException if the tid is negative
     * @throws WrongThreadException if the tid is 0 on a virtual thread: this would change its carrier thread
     * @throws SyscallException EINVAL: no such policy, or DEADLINE, which needs more parameters, or a priority that the
     *         policy doesn't allow; EPERM: FIFO or RR with a priority above RLIMIT_RTPRIO and without CAP_SYS_NICE, or
     *         a thread of another user, or a control group without a real-time budget; ESRCH: no such thread
     * @see <a href="https://man7.org/linux/man-pages/man2/sched_setscheduler.2.html">sched_setscheduler(2)</a>
     */
    public void apply(int tid) {
        Tid.requireChangeable(tid);
        try (Arena arena = Arena.ofConfined()) {
            // struct sched_param { int sched_priority; } is in a header of libc, but in none of the kernel.
            MemorySegment param = arena.allocateFrom(JAVA_INT, priority);
            long result = Syscall.invoke(SyscallNumber.SCHED_SETSCHEDULER, tid, policy, param.address());
            if (Syscall.isError(result)) {
                throw new SyscallException("sched_setscheduler", result, tid, policyName(), "[" + priority + "]");
            }
        }
    }

    /**
     * Returns the nice value of a thread: {@code int getpriority(int which, id_t who)} with {@code PRIO_PROCESS}, which
     * on Linux means one thread.
     *
     * @param tid the id of a thread of any process; 0 for the calling thread, or its carrier if it is virtual
     * @return the value, from -20 (largest share of the CPU) to 19 (smallest share)
     * @throws IllegalArgumentException if the tid is negative
     * @throws SyscallException ESRCH: no such thread
     * @see <a href="https://man7.org/linux/man-pages/man2/getpriority.2.html">getpriority(2)</a>
     */
    public static int nice(int tid) {
        long result = Syscall.invoke(SyscallNumber.GETPRIORITY, Kernel.PRIO_PROCESS, Tid.require(tid));
        if (Syscall.isError(result)) {
            throw new SyscallException("getpriority", result, "PRIO_PROCESS", tid);
        }
        // The kernel returns 40 to 1 for the values -20 to 19, because a negative result would be an error. libc
        // converts the result, and so must linen (man page, "C library/kernel differences"; kernel/sys.c:
        // nice_to_rlimit).
        return (int) (Kernel.PRIO_MAX - result);
    }

    /**
     * Sets the nice value of a thread: {@code int setpriority(int which, id_t who, int prio)} with
     * {@code PRIO_PROCESS}, which on Linux means one thread. The policies OTHER and BATCH use the value; the other
     * policies keep it without using it.
     *
     * @param tid the id of a thread of any process; 0 for the calling thread
     * @param value from -20 (largest share of the CPU) to 19 (smallest share)
     * @throws IllegalArgumentException if the value is out of this range, which the kernel would silently clamp, or if
     *         the tid is negative
     * @throws WrongThreadException if the tid is 0 on a virtual thread: this would change its carrier thread
     * @throws SyscallException EACCES: the value is lower than the current one and than RLIMIT_NICE allows, and the
     *         caller has no CAP_SYS_NICE; EPERM: the thread belongs to another user; ESRCH: no such thread
     * @see <a href="https://man7.org/linux/man-pages/man2/getpriority.2.html">setpriority(2)</a>
     */
    public static void nice(int tid, int value) {
        Tid.requireChangeable(tid);
        requireNice(value);
        long result = Syscall.invoke(SyscallNumber.SETPRIORITY, Kernel.PRIO_PROCESS, tid, value);
        if (Syscall.isError(result)) {
            throw new SyscallException("setpriority", result, "PRIO_PROCESS", tid, value);
        }
    }

    /**
     * Checks a nice value.
     *
     * @param value the value
     * @return the value
     * @throws IllegalArgumentException if the value isn't from -20 to 19; the kernel would silently clamp it
     */
    public static int requireNice(int value) {
        if (value < Kernel.PRIO_MIN || value > MOST_NICE) {
            throw new IllegalArgumentException(
                    "a nice value must be from " + Kernel.PRIO_MIN + " to " + MOST_NICE + ", not " + value);
        }
        return value;
    }

    /** "SCHED_FIFO|SCHED_RESET_ON_FORK": the policy is a number, not a set of bits, except for this one flag. */
    private String policyName() {
        int flag = policy & Kernel.SCHED_RESET_ON_FORK;
        int number = policy & ~flag;
        return NAMES.getOrDefault(number, Integer.toString(number)) + (flag == 0 ? "" : "|SCHED_RESET_ON_FORK");
    }

    /**
     * Returns the policy as in C, and the priority unless it is 0.
     *
     * @return "SCHED_FIFO, priority 10", "SCHED_OTHER"
     */
    @Override
    public String toString() {
        return priority == 0 ? policyName() : policyName() + ", priority " + priority;
    }
}
