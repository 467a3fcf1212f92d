package dev.linen.bench.plot;

import java.util.List;

import dev.linen.bench.plot.Svg.Anchor;

/** Horizontal bars from 0, one below the other, with a mark at 1. */
public final class BarPlot {

    private static final int BARS = 410;
    private static final int LEAST_LEFT = 420;
    private static final int RIGHT = 70;
    private static final int GAP = 8;

    /** The width in the widest of the usual fonts: names aren't measured. */
    private static final int CHARACTER = 7;
    private static final int TOP = 44;
    private static final int BOTTOM = 14;
    private static final int LINE = 24;
    private static final int THICKNESS = 16;
    private static final String GOOD = "#0072b2";
    private static final String BAD = "#d55e00";

    private BarPlot() {}

    /**
     * A bar.
     *
     * @param name the text on its left
     * @param value its length
     * @param text the text on its right
     * @param good blue if true, orange if false
     */
    public record Bar(String name, double value, String text, boolean good) {}

    /** The plot as SVG text. */
    public static String draw(String title, List<Bar> bars) {
        int left = bars.stream().mapToInt(bar -> bar.name().length() * CHARACTER + 2 * GAP).reduce(LEAST_LEFT,
                Math::max);
        int width = left + BARS + RIGHT;
        int height = TOP + LINE * bars.size() + BOTTOM;
        Svg svg = new Svg(width, height);
        svg.text(width / 2.0, TOP / 2.0 + 4, Anchor.MIDDLE, title);
        double most = bars.stream().mapToDouble(Bar::value).reduce(1, Math::max);
        double unit = BARS / most;
        double top = TOP;
        for (Bar bar : bars) {
            svg.text(left - GAP, top + THICKNESS - 3, Anchor.END, bar.name());
            svg.rectangle(left, top, bar.value() * unit, THICKNESS, bar.good() ? GOOD : BAD);
            svg.text(left + bar.value() * unit + 6, top + THICKNESS - 3, Anchor.START, bar.text());
            top += LINE;
        }
        svg.line(left + unit, TOP - 6, left + unit, height - BOTTOM + 4, Svg.INK);
        return svg.toString();
    }
}
