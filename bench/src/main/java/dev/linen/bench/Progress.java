package dev.linen.bench;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/**
 * Prints the progress of a run: a line with the elapsed time for each measurement, and a line for each round, which
 * grows with each process.
 */
final class Progress {

    private final PrintStream out;
    private final long begin = System.nanoTime();
    private int lastRound;

    Progress(PrintStream out) {
        this.out = out;
    }

    void begin(int number, int all, String what) {
        lastRound = 0;
        out.printf("%n[%3d s] %d of %d: %s", seconds(), number, all, what);
    }

    void round(int round, int rounds, String arm) {
        if (round != lastRound) {
            out.printf("%n        round %d of %d:", round, rounds);
            lastRound = round;
        }
        out.print(" " + arm + " ·");
        out.flush();
    }

    void end(String what) {
        out.printf("%n[%3d s] %s%n", seconds(), what);
    }

    long seconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
    }
}
