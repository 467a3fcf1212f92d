package dev.linen.bench.plot;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;

/**
 * An axis of a plot.
 *
 * @param title the title, with the unit
 * @param scale the function of a value that is linear along the axis
 * @param from the first value
 * @param to the last value
 * @param ticks labels by values, in ascending order
 */
public record Axis(String title, DoubleUnaryOperator scale, double from, double to, Map<Double, String> ticks) {

    private static final int MOST_TICKS = 8;

    /** With a smaller ratio of its ends, a logarithmic axis also has ticks at 2 and 5. */
    private static final double WIDE = 200;

    private static final int[] STEPS = {1, 2, 5};

    /** Starts at 0, and ends at a tick. */
    public static Axis linear(String title, double most) {
        double step = step(most);
        Map<Double, String> ticks = new TreeMap<>();
        for (int i = 0; i <= Math.ceil(most / step); i++) {
            ticks.put(i * step, number(i * step));
        }
        return new Axis(title, DoubleUnaryOperator.identity(), 0, Math.ceil(most / step) * step, ticks);
    }

    /** 1, 2 or 5 times a power of ten. */
    private static double step(double most) {
        double power = Math.pow(10, Math.floor(Math.log10(most / MOST_TICKS)));
        for (int times : STEPS) {
            if (most / (times * power) <= MOST_TICKS) {
                return times * power;
            }
        }
        return 10 * power;
    }

    /** Both ends are 1, 2 or 5 times a power of ten. */
    public static Axis logarithmic(String title, double least, double most) {
        Map<Double, String> ticks = new TreeMap<>();
        double from = Double.NaN;
        double to = Double.NaN;
        for (int power = (int) Math.floor(Math.log10(least)); Double.isNaN(to); power++) {
            for (int times : STEPS) {
                double tick = Double.parseDouble(times + "e" + power);
                if (Double.isNaN(to) && (times == 1 || most / least < WIDE)) {
                    ticks.put(tick, number(tick));
                }
                if (tick <= least) {
                    from = tick;
                }
                if (tick >= most && tick > from && Double.isNaN(to)) {
                    to = tick;
                }
            }
        }
        double first = from;
        double last = to;
        ticks.keySet().removeIf(tick -> tick < first || tick > last);
        return new Axis(title, Math::log10, from, to, ticks);
    }

    /** Shares from 0 to the given one, where each further nine takes the same width. */
    public static Axis nines(String title, double most) {
        Map<Double, String> ticks = new TreeMap<>(Map.of(0.0, "0 %", 0.5, "50 %"));
        for (double without = 0.1; without > 1 - most; without /= 10) {
            ticks.put(1 - without, number(100 * (1 - without)) + " %");
        }
        return new Axis(title, share -> -Math.log10(1 - share), 0, most, ticks);
    }

    /** The position of a value between the ends: from 0 to 1. A value beyond an end is placed there. */
    double place(double value) {
        double place = (scale.applyAsDouble(value) - scale.applyAsDouble(from))
                / (scale.applyAsDouble(to) - scale.applyAsDouble(from));
        return Math.clamp(place, 0, 1);
    }

    private static String number(double value) {
        String digits = String.format(Locale.ROOT, "%,.6f", value);
        return digits.replaceFirst("\\.?0+$", "");
    }
}
