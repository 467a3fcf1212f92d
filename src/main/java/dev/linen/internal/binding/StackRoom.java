package dev.linen.internal.binding;

/**
 * Makes sure that there is room on the Java stack for what must not be interrupted by a StackOverflowError: a system
 * call whose effect can't be found out afterwards, and what is written down about it.
 */
public final class StackRoom {

    /** Some 10 KiB if compiled, more if interpreted: several times what a system call needs. */
    private static final int FRAMES = 300;

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

    /** Uses the result of the call, so that the call isn't compiled to a jump. */
    private static int descend(int frames) {
        return frames == 0 ? 0 : descend(frames - 1) * 31;
    }
}
