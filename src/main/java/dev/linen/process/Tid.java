package dev.linen.process;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * Thread ids (tids), by which the kernel knows threads. The methods of this package take them as ints, of which 0 means
 * the calling thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/gettid.2.html">gettid(2)</a>
 */
public final class Tid {

    /** The calling thread. */
    static final int CURRENT = 0;

    private Tid() {}

    /**
     * Returns the tid of the calling thread: {@code pid_t gettid(void)}. For the initial thread of a process it equals
     * the process id.
     *
     * @return the tid, at least 1; on a virtual thread that of its carrier thread, which may be another one at the next
     *         call
     */
    public static int current() {
        return (int) Syscall.invoke(SyscallNumber.GETTID);
    }

    /**
     * Checks the tid of a thread that is to be read.
     *
     * @return the tid
     * @throws IllegalArgumentException if it is negative; some system calls would fail with EINVAL, others with ESRCH
     */
    static int require(int tid) {
        if (tid < 0) {
            throw new IllegalArgumentException(
                    "a tid must be positive, or 0 for the calling thread, not " + tid);
        }
        return tid;
    }

    /**
     * Checks the tid of a thread that is to be changed.
     *
     * @return the tid
     * @throws IllegalArgumentException if it is negative
     * @throws WrongThreadException if it is 0 on a virtual thread
     */
    static int requireChangeable(int tid) {
        if (require(tid) == CURRENT && Thread.currentThread().isVirtual()) {
            throw new WrongThreadException(
                    "the calling thread is virtual, so tid 0 would change its carrier thread, which "
                            + "also runs other virtual threads: call this on a platform thread");
        }
        return tid;
    }
}
