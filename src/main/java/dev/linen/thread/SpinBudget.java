package dev.linen.thread;

import java.util.concurrent.TimeUnit;

/**
 * How long a wait spins before it sleeps. A thread that runs on another CPU and is soon over is seen earlier by who spins: to
 * sleep, and to be woken on a CPU that has become idle meanwhile, takes longer than many a thread lives.
 *
 * <p>That is so or it isn't (with one CPU, with all of them busy, with functions that take their time, nobody gains by
 * spinning), and recent luck tells which, without a system call:
 *
 * <pre>
 *   luck                          all waits spin
 *   {@value #PATIENCE} misses in a row           one in 2 spins, and shorter
 *   each further miss             one in 4, 8, ... up to one in {@value #LEAST_OFTEN}
 *   one that pays                 all waits spin again
 * </pre>
 *
 * <p>Many threads share one. Its fields are plain: an update that is lost makes one wait longer or shorter, no more.
 */
final class SpinBudget {

    static final long USUAL_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    static final long PROBE_NANOS = USUAL_NANOS / 2;

    /** A miss may be chance: a tick of the clock, an interrupt. */
    static final int PATIENCE = 3;

    static final int LEAST_OFTEN = 1024;

    private int misses;
    private int sleepsBetween;
    private int sleepsLeft;

    /** For one wait; 0 if it had better sleep at once. What comes of it is to be {@linkplain #paid told}. */
    long nanos() {
        if (misses < PATIENCE) {
            return USUAL_NANOS;
        }
        if (sleepsLeft > 0) {
            sleepsLeft--;
            return 0;
        }
        sleepsLeft = sleepsBetween;
        return PROBE_NANOS;
    }

    /** What was waited for came while the wait span. */
    void paid() {
        misses = 0;
        sleepsBetween = 0;
    }

    /** It didn't. */
    void missed() {
        if (++misses >= PATIENCE) {
            sleepsBetween = Math.min(2 * sleepsBetween + 1, LEAST_OFTEN - 1);
            sleepsLeft = sleepsBetween;
        }
    }
}
