package dev.linen.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** The times of many single operations, in nanoseconds. */
final class Latencies {

    private static final int FIRST_CAPACITY = 1 << 14;

    /** The number of points on a curve between one nine and the next. */
    private static final int POINTS = 12;

    private double[] nanos = new double[FIRST_CAPACITY];
    private int count;
    private boolean sorted = true;

    void add(double one) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = one;
        sorted = false;
    }

    void addAll(Latencies others) {
        for (int i = 0; i < others.count; i++) {
            add(others.nanos[i]);
        }
    }

    int count() {
        return count;
    }

    /** The time that this share of the operations didn't exceed, from 0 (the shortest) to 1 (the longest). */
    double percentile(double share) {
        if (count == 0) {
            throw new IllegalStateException("no latencies");
        }
        if (!sorted) {
            Arrays.sort(nanos, 0, count);
            sorted = true;
        }
        return nanos[Math.clamp((long) Math.ceil(share * count) - 1, 0, count - 1)];
    }

    /** Percentiles by their shares, ever closer together towards the longest time. */
    Map<Double, Double> curve() {
        Map<Double, Double> points = new TreeMap<>();
        double without = 1;
        for (int i = 1; without * count > 1; i++) {
            points.put(1 - without, percentile(1 - without));
            without = Math.pow(10, -(double) i / POINTS);
        }
        points.put(1 - 1.0 / count, percentile(1)); // all but one took less
        return points;
    }
}
