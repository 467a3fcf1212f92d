package dev.linen.thread;

import java.util.concurrent.TimeUnit;

/**
 * Decides how long a wait spins before it sleeps. If a thread runs on another CPU and ends soon, a spinning waiter sees
 * its end sooner: to sleep, and to be woken on a CPU that has become idle, takes longer than many threads run.
 *
 * <p>Spinning doesn't pay with one CPU, when all CPUs are busy, or for functions that run long. The outcome of the last
 * waits decides, without a system call:
 *
 * <pre>
 *   outcome                       what the next waits do
 *   the end came in time          all waits spin
 *   {@value #PATIENCE} misses in a row           one in 2 spins, for a shorter time
 *   each further miss             one in 4, 8, ... up to one in {@value #LEAST_OFTEN}
 *   the end came in time          all waits spin again
 * </pre>
 *
 * <p>Many threads share one budget. Its fields are plain: a lost update only makes a wait spin for a longer or shorter
 * time.
 */
final class SpinBudget {

    static final long USUAL_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    static final long PROBE_NANOS = USUAL_NANOS / 2;

    /** The number of misses that may be accidental: a timer tick, an interrupt. */
    static final int PATIENCE = 3;

    static final int LEAST_OFTEN = 1024;

    private int misses;
    private int sleepsBetween;
    private int sleepsLeft;

    /**
     * Returns how long a wait may spin; 0 if it should sleep at once. The caller must then call {@link #paid} or
     * {@link #missed}.
     */
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

    /** The thread ended while the caller spun. */
    void paid() {
        misses = 0;
        sleepsBetween = 0;
    }

    /** The thread didn't end while the caller spun. */
    void missed() {
        if (++misses >= PATIENCE) {
            sleepsBetween = Math.min(2 * sleepsBetween + 1, LEAST_OFTEN - 1);
            sleepsLeft = sleepsBetween;
        }
    }
}
