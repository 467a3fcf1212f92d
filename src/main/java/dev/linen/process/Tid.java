package dev.linen.process;

/** Checks thread ids (tids) that are passed to the methods of this package. 0 is the calling thread. */
final class Tid {

    /** The calling thread. */
    static final int CURRENT = 0;

    private Tid() {}

    /**
     * Checks a tid.
     *
     * @return the tid
     * @throws IllegalArgumentException if it is negative; some system calls would fail with EINVAL, others with ESRCH
     * @throws WrongThreadException if it is 0 on a virtual thread
     */
    static int require(int tid) {
        if (tid < 0) {
            throw new IllegalArgumentException(
                    "a tid must be positive, or 0 for the calling thread, not " + tid);
        }
        if (tid == CURRENT && Thread.currentThread().isVirtual()) {
            throw new WrongThreadException(
                    "the calling thread is virtual, so tid 0 would mean its carrier thread, which "
                            + "also runs other virtual threads: call this on a platform thread");
        }
        return tid;
    }
}
