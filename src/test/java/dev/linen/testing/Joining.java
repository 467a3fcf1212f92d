package dev.linen.testing;

import java.time.Duration;
import java.util.OptionalLong;

import dev.linen.thread.NativeThread;

/** A join where no checked exception may leave: in lambdas. */
public final class Joining {

    private Joining() {}

    /** Waits for a thread's end; an interrupt is an error. */
    public static long join(NativeThread thread) {
        try {
            return thread.join();
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    /** The same, but not longer than that. */
    public static OptionalLong join(NativeThread thread, Duration timeout) {
        try {
            return thread.join(timeout);
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }
}
