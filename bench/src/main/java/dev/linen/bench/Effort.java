package dev.linen.bench;

import java.util.List;

/**
 * How much is done of each thing.
 *
 * @param name what the report calls it
 * @param rounds how often every process is started, in turns with those it is compared with
 * @param batches how often each measures
 * @param millis how long each time
 * @param warmUpMillis how long a JVM calls before it measures
 * @param creationWarmUpMillis the same for the creation of threads, which is more code to compile
 * @param coldStarts how often a JVM is started for its first thread
 * @param parked how many threads sleep when memory is measured
 * @param parkedJava the same, of Java's
 * @param most how many threads are to be alive at once
 * @param alive beside how many sleeping threads others are created, in ascending order
 * @param aliveJava the same, of Java's
 */
record Effort(String name, int rounds, int batches, int millis, int warmUpMillis, int creationWarmUpMillis,
        int coldStarts, int parked,
        int parkedJava, int most, List<Integer> alive, List<Integer> aliveJava) {

    static final Effort FULL = new Effort("full", 9, 5, 500, 3000, 5000, 21, 15_000, 6_000, 30_000,
            List.of(10, 100, 1_000, 10_000, 30_000), List.of(10, 100, 1_000, 5_000));

    /** Under five minutes. */
    static final Effort QUICK = new Effort("quick", 5, 3, 100, 400, 1500, 7, 6_000, 1_500, 30_000,
            List.of(10, 1_000, 10_000), List.of(10, 1_000));

    /** Shows that everything runs; its figures mean nothing. */
    static final Effort TINY = new Effort("tiny", 1, 1, 10, 50, 50, 1, 60, 60, 200, List.of(10, 10_000), List.of(10));
}
