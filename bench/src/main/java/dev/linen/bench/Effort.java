package dev.linen.bench;

import java.util.List;

/**
 * The extent of a run.
 *
 * @param name the name in the report
 * @param rounds how often every process is started, in turns with those it is compared with
 * @param sideRounds the same for what has no target, and for what hardly differs from round to round
 * @param batches how many measurements each process makes
 * @param millis the duration of each
 * @param warmUpMillis how long a JVM warms up before it measures
 * @param slowWarmUpMillis the same for operations that take most of a millisecond
 * @param creationWarmUpMillis the same for the creation of threads, which has more code to compile
 * @param coldStarts how often a JVM is started for its first thread
 * @param parked the number of sleeping threads when memory is measured
 * @param parkedJava the same for Java's threads
 * @param most the number of threads alive at once
 * @param alive the numbers of sleeping threads beside which others are created, in ascending order
 * @param aliveJava the same for Java's threads
 * @param singles how many operations are timed one by one in each round
 * @param cycles the number of threads that a process creates one after the other
 * @param cycleSeconds the time after which it stops with fewer
 */
record Effort(String name, int rounds, int sideRounds, int batches, int millis, int warmUpMillis, int slowWarmUpMillis,
        int creationWarmUpMillis, int coldStarts, int parked, int parkedJava, int most, List<Integer> alive,
        List<Integer> aliveJava, int singles, int cycles, int cycleSeconds) {

    /** Takes less than 25 minutes on two CPUs. */
    static final Effort FULL = new Effort("full", /* rounds */ 9, /* sideRounds */ 5, /* batches */ 5,
            /* millis */ 200, /* warmUpMillis */ 800, /* slowWarmUpMillis */ 3000, /* creationWarmUpMillis */ 2500,
            /* coldStarts */ 21,
            /* parked */ 15_000, /* parkedJava */ 6_000, /* most */ 30_000,
            /* alive */ List.of(10, 100, 1_000, 10_000, 30_000), /* aliveJava */ List.of(10, 100, 1_000, 5_000),
            /* singles */ 40_000, /* cycles */ 3_000_000, /* cycleSeconds */ 120);

    /** Takes less than five minutes. */
    static final Effort QUICK = new Effort("quick", /* rounds */ 5, /* sideRounds */ 3, /* batches */ 3,
            /* millis */ 60, /* warmUpMillis */ 200, /* slowWarmUpMillis */ 1600, /* creationWarmUpMillis */ 1000,
            /* coldStarts */ 5,
            /* parked */ 6_000, /* parkedJava */ 1_500, /* most */ 30_000,
            /* alive */ List.of(10, 30_000), /* aliveJava */ List.of(10, 1_000),
            /* singles */ 10_000, /* cycles */ 100_000, /* cycleSeconds */ 20);

    /** Shows that everything runs; its figures mean nothing. */
    static final Effort TINY = new Effort("tiny", /* rounds */ 1, /* sideRounds */ 1, /* batches */ 1,
            /* millis */ 10, /* warmUpMillis */ 50, /* slowWarmUpMillis */ 50, /* creationWarmUpMillis */ 50,
            /* coldStarts */ 1,
            /* parked */ 60, /* parkedJava */ 60, /* most */ 200,
            /* alive */ List.of(10, 1_000), /* aliveJava */ List.of(10),
            /* singles */ 1000, /* cycles */ 1000, /* cycleSeconds */ 5);
}
