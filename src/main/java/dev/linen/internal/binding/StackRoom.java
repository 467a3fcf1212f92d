package dev.linen.internal.binding;

/**
 * Makes sure that there is room on the Java stack for what must not be interrupted by a StackOverflowError: a system
 * call whose effect can't be found out afterwards, and what is written down about it.
 */
public final class StackRoom {

    /** Some 10 KiB if compiled, more if interpreted: several times what a system call needs. */
    private static final int FRAMES = 300;

    /**
     * Some 60 KiB if compiled, 120 if interpreted: twice what a first native thread needs, which initializes classes and
     * links call sites.
     */
    private static final int LARGE_FRAMES = 400;

    private static volatile boolean initialized;

    private StackRoom() {}

    /**
     * Throws the StackOverflowError now, while nothing has been done yet.
     *
     * @throws StackOverflowError if there isn't enough room
     */
    public static void require() {
        if (descend(FRAMES) != 0) {
            throw new AssertionError("it counts to 0");
        }
    }

    /**
     * Throws the StackOverflowError now if classes may still have to be initialized, and there may not be enough room
     * for that. A class whose static initializer throws a StackOverflowError can never be used again, and some of these
     * are the JDK's.
     *
     * @throws StackOverflowError if there isn't enough room
     */
    public static void requireForFirstUse() {
        if (!initialized) {
            requireMuch();
        }
    }

    /**
     * The same for a feature of its own, before its first use.
     *
     * @throws StackOverflowError if there isn't enough room
     */
    public static void requireMuch() {
        if (descend(LARGE_FRAMES, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16) != 0) {
            throw new AssertionError("it counts to 0");
        }
    }

    /** To be called when all classes that a thread needs have been initialized. */
    public static void setInitialized() {
        initialized = true;
    }

    /** The arguments make the frame as large in compiled code as in the interpreter. */
    private static long descend(int frames, long a, long b, long c, long d, long e, long f, long g, long h, long i,
            long j, long k, long l, long m, long n, long o, long p) {
        return frames == 0 ? 0 : descend(frames - 1, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, a) * 31;
    }

    /** Uses the result of the call, so that the call isn't compiled to a jump. */
    private static int descend(int frames) {
        return frames == 0 ? 0 : descend(frames - 1) * 31;
    }
}
