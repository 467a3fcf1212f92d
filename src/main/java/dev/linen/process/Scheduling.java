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
 * How the kernel shares out its CPUs to a thread: a policy, and a priority for the policies that have one.
 *
 * <pre>{@code
 * Scheduling.fifo(10).apply(thread.tid());
 * Scheduling.of(thread.tid());                 // SCHED_FIFO, priority 10
 * Scheduling.nice(thread.tid(), 5);
 * }</pre>
 *
 * <p>Open: policies and flags that linen has no name for are passed on and printed as numbers. The priority isn't checked
 * here but by the kernel, which knows its own range (EINVAL).
 *
 * <p><b>With a real-time policy (FIFO, RR) a thread goes before all others.</b> One that never sleeps keeps its CPU from
 * them: garbage collection can wait for a Java thread that never gets a turn there.
 *
 * @param policy the {@code SCHED_} number, as the kernel takes it; may have {@code SCHED_RESET_ON_FORK} in it
 * @param priority 1 (least urgent) to 99 for FIFO and RR, 0 for the others
 * @see <a href="https://man7.org/linux/man-pages/man7/sched.7.html">sched(7)</a>
 */
public record Scheduling(int policy, int priority) {

    private static final Map<Integer, String> NAMES = Map.ofEntries(
            entry(Kernel.SCHED_NORMAL, "SCHED_OTHER"), // the kernel's own name is in no manual page
            entry(Kernel.SCHED_FIFO, "SCHED_FIFO"),
            entry(Kernel.SCHED_RR, "SCHED_RR"),
            entry(Kernel.SCHED_BATCH, "SCHED_BATCH"),
            entry(Kernel.SCHED_IDLE, "SCHED_IDLE"),
            entry(Kernel.SCHED_DEADLINE, "SCHED_DEADLINE"),
            entry(Kernel.SCHED_EXT, "SCHED_EXT"));

    /** PRIO_MAX of the header is one more: setpriority clamps to it, and then to this. */
    private static final int MOST_NICE = Kernel.PRIO_MAX - 1;

    /**
     * The usual: {@code SCHED_OTHER}, in the kernel's headers {@code SCHED_NORMAL}. Shares by {@link #nice(int) nice}.
     *
     * @return policy OTHER, priority 0
     */
    public static Scheduling other() {
        return new Scheduling(Kernel.SCHED_NORMAL, 0);
    }

    /**
     * For work in the background: {@code SCHED_BATCH}. As OTHER, but a thread that wakes up doesn't push others aside.
     *
     * @return policy BATCH, priority 0
     */
    public static Scheduling batch() {
        return new Scheduling(Kernel.SCHED_BATCH, 0);
    }

    /**
     * For what may run when nothing else wants to: {@code SCHED_IDLE}. Less than any nice.
     *
     * @return policy IDLE, priority 0
     */
    public static Scheduling idle() {
        return new Scheduling(Kernel.SCHED_IDLE, 0);
    }

    /**
     * Real-time, without time slices: {@code SCHED_FIFO}. Runs until it sleeps, yields, or a higher priority is ready.
     *
     * @param priority 1 to 99, which goes first; the kernel answers EINVAL to others
     * @return policy FIFO with that priority
     */
    public static Scheduling fifo(int priority) {
        return new Scheduling(Kernel.SCHED_FIFO, priority);
    }

    /**
     * Real-time, with time slices: {@code SCHED_RR}. As FIFO, but takes turns with others of the same priority.
     *
     * @param priority 1 to 99, which goes first; the kernel answers EINVAL to others
     * @return policy RR with that priority
     */
    public static Scheduling roundRobin(int priority) {
        return new Scheduling(Kernel.SCHED_RR, priority);
    }

    /**
     * How a thread is scheduled: {@code int sched_getscheduler(pid_t pid)} and
     * {@code int sched_getparam(pid_t pid, struct sched_param *param)}. Two questions: when somebody changes it meanwhile,
     * the policy may be the old one and the priority the new one.
     *
     * @param tid a thread's id, of any process; 0 for the calling thread
     * @return its policy and priority
     * @throws IllegalArgumentException when the tid is negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread
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
     * Schedules a thread this way:
     * {@code int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)}. Its nice stays as it is.
     *
     * @param tid a thread's id, of any process; 0 for the calling thread
     * @throws IllegalArgumentException when the tid is negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread: its carrier would be changed
     * @throws SyscallException EINVAL: no such policy (or DEADLINE, which has more parameters), or no such priority for it;
     *         EPERM: FIFO or RR above RLIMIT_RTPRIO without CAP_SYS_NICE, or another user's thread, or its control group has no
     *         real-time budget; ESRCH: no such thread
     * @see <a href="https://man7.org/linux/man-pages/man2/sched_setscheduler.2.html">sched_setscheduler(2)</a>
     */
    public void apply(int tid) {
        Tid.require(tid);
        try (Arena arena = Arena.ofConfined()) {
            // struct sched_param { int sched_priority; }: no header of the kernel's has it, libc's does.
            MemorySegment param = arena.allocateFrom(JAVA_INT, priority);
            long result = Syscall.invoke(SyscallNumber.SCHED_SETSCHEDULER, tid, policy, param.address());
            if (Syscall.isError(result)) {
                throw new SyscallException("sched_setscheduler", result, tid, policyName(), "[" + priority + "]");
            }
        }
    }

    /**
     * A thread's nice: {@code int getpriority(int which, id_t who)} with {@code PRIO_PROCESS}, which on Linux means one
     * thread.
     *
     * @param tid a thread's id, of any process; 0 for the calling thread
     * @return -20 (gets most) to 19 (gets least)
     * @throws IllegalArgumentException when the tid is negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread
     * @throws SyscallException ESRCH: no such thread
     * @see <a href="https://man7.org/linux/man-pages/man2/getpriority.2.html">getpriority(2)</a>
     */
    public static int nice(int tid) {
        long result = Syscall.invoke(SyscallNumber.GETPRIORITY, Kernel.PRIO_PROCESS, Tid.require(tid));
        if (Syscall.isError(result)) {
            throw new SyscallException("getpriority", result, "PRIO_PROCESS", tid);
        }
        // The kernel returns 40 to 1 for -20 to 19, since a negative result would be an error (man page, "C library/kernel
        // differences"; kernel/sys.c: nice_to_rlimit). libc turns it round.
        return (int) (Kernel.PRIO_MAX - result);
    }

    /**
     * Sets a thread's nice: {@code int setpriority(int which, id_t who, int prio)} with {@code PRIO_PROCESS}, which on Linux
     * means one thread. It counts under OTHER and BATCH, and is kept under the others.
     *
     * @param tid a thread's id, of any process; 0 for the calling thread
     * @param value -20 (gets most) to 19 (gets least)
     * @throws IllegalArgumentException when the value is out of this range, where the kernel would silently take the nearest,
     *         or the tid is negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread: its carrier would be changed
     * @throws SyscallException EACCES: less nice than now and than RLIMIT_NICE allows, without CAP_SYS_NICE; EPERM: another
     *         user's thread; ESRCH: no such thread
     * @see <a href="https://man7.org/linux/man-pages/man2/getpriority.2.html">setpriority(2)</a>
     */
    public static void nice(int tid, int value) {
        Tid.require(tid);
        requireNice(value);
        long result = Syscall.invoke(SyscallNumber.SETPRIORITY, Kernel.PRIO_PROCESS, tid, value);
        if (Syscall.isError(result)) {
            throw new SyscallException("setpriority", result, "PRIO_PROCESS", tid, value);
        }
    }

    /**
     * Refuses what is no nice.
     *
     * @param value the value
     * @return the value
     * @throws IllegalArgumentException when it is out of range, where the kernel would silently take the nearest
     */
    public static int requireNice(int value) {
        if (value < Kernel.PRIO_MIN || value > MOST_NICE) {
            throw new IllegalArgumentException(
                    "nice is from " + Kernel.PRIO_MIN + " to " + MOST_NICE + ", not " + value);
        }
        return value;
    }

    /** "SCHED_FIFO|SCHED_RESET_ON_FORK": the policy is a number, not bits, but for this one flag. */
    private String policyName() {
        int flag = policy & Kernel.SCHED_RESET_ON_FORK;
        int number = policy & ~flag;
        return NAMES.getOrDefault(number, Integer.toString(number)) + (flag == 0 ? "" : "|SCHED_RESET_ON_FORK");
    }

    /**
     * The policy as C writes it, and the priority where there is one.
     *
     * @return "SCHED_FIFO, priority 10", "SCHED_OTHER"
     */
    @Override
    public String toString() {
        return priority == 0 ? policyName() : policyName() + ", priority " + priority;
    }
}
