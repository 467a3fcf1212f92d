package dev.linen.testing;

import org.junit.jupiter.api.Assumptions;

/** Skips tests that can't run on this system. */
public final class Skip {

    private Skip() {}

    /**
     * Skips the test unless a condition holds. The reason is also printed, because Surefire writes it only to its
     * reports.
     */
    public static void unless(boolean condition, String otherwise) {
        if (!condition) {
            System.out.println("skipped: " + otherwise);
        }
        Assumptions.assumeTrue(condition, otherwise);
    }
}
