package dev.linen.testing;

import org.junit.jupiter.api.Assumptions;

/** The end of a test that can't tell anything here. */
public final class Skip {

    private Skip() {}

    /** Surefire counts skips, and keeps their reasons to its reports: so that whoever looks on sees it, it is printed, too. */
    public static void unless(boolean condition, String otherwise) {
        if (!condition) {
            System.out.println("skipped: " + otherwise);
        }
        Assumptions.assumeTrue(condition, otherwise);
    }
}
