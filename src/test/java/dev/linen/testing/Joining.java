package dev.linen.testing;

import java.time.Duration;
import java.util.OptionalLong;

import dev.linen.thread.NativeThread;

/** Joins threads without checked exceptions, for use in lambdas. */
public final class Joining {

    private Joining() {}

    /** Waits until a thread has ended; an interrupt is an error. */
    public static long join(NativeThread thread) {
        try {
            return thread.join();
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    /** Waits until a thread has ended, but not longer than the timeout. */
    public static OptionalLong join(NativeThread thread, Duration timeout) {
        try {
            return thread.join(timeout);
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }
}
