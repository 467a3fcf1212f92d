package dev.linen.process;

/** The number of a thread in the kernel, as the methods of this package take it: 0 is the calling thread. */
final class Tid {

    /** The calling thread. */
    static final int CURRENT = 0;

    private Tid() {}

    /**
     * Refuses what names no thread, or another one than the caller thinks.
     *
     * @return the tid
     * @throws IllegalArgumentException when it is negative: the kernel's answer would be EINVAL from one call, ESRCH from
     *         another
     * @throws WrongThreadException when it is 0 on a virtual thread
     */
    static int require(int tid) {
        if (tid < 0) {
            throw new IllegalArgumentException(
                    "a tid is positive, or 0 for the calling thread, not " + tid);
        }
        if (tid == CURRENT && Thread.currentThread().isVirtual()) {
            throw new WrongThreadException("a virtual thread is none of the kernel's: this would be about its carrier, "
                    + "which others run on next; call it on a platform thread");
        }
        return tid;
    }
}
