package dev.linen.testing;

import java.util.concurrent.TimeUnit;

/** Garbage collections for tests that wait until an object is found to be unreachable. */
public final class Garbage {

    private Garbage() {}

    /**
     * Collects garbage, and rests three times as long: on a slow machine with one CPU, the threads that do what remains
     * to be done would otherwise run between two collections only.
     */
    public static void collect() {
        long began = System.nanoTime();
        System.gc();
        try {
            TimeUnit.NANOSECONDS.sleep(3 * (System.nanoTime() - began));
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
    }
}
