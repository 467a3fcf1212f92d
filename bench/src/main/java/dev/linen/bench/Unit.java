package dev.linen.bench;

import java.util.Locale;

/** A unit, and how a figure in it is written. */
enum Unit {
    NANOSECONDS, BYTES, COUNT;

    String format(double figure) {
        return switch (this) {
            case NANOSECONDS -> time(figure);
            case BYTES -> Math.abs(figure) < 1024 ? number(figure) + " B" : number(figure / 1024) + " KiB";
            case COUNT -> number(figure);
        };
    }

    /** The median of all rounds, with the least and the most. */
    String format(Samples samples) {
        String median = format(samples.median());
        return samples.least() == samples.most()
                ? median
                : "%s (%s – %s)".formatted(median, format(samples.least()), format(samples.most()));
    }

    private static String time(double nanos) {
        if (nanos < 1e3) {
            return number(nanos) + " ns";
        }
        return nanos < 1e6
                ? number(nanos / 1e3) + " µs"
                : nanos < 1e10 ? number(nanos / 1e6) + " ms" : number(nanos / 1e9) + " s";
    }

    static String ratio(double ratio) {
        return String.format(Locale.ROOT, "%.3f", ratio);
    }

    static String number(double figure) {
        double absolute = Math.abs(figure);
        if (figure == Math.rint(figure)) {
            return String.format(Locale.ROOT, "%,.0f", figure);
        }
        return String.format(Locale.ROOT, absolute < 1
                ? "%.4f"
                : absolute < 10
                        ? "%.2f"
                        : absolute < 1000
                                ? "%.1f"
                                : "%,.0f",
                figure);
    }
}
