package dev.linen.bench.plot;

import java.util.Map;

import dev.linen.bench.plot.Svg.Anchor;
import dev.linen.bench.plot.Svg.Point;

/** Named curves, with two axes. */
public final class CurvePlot {

    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;
    private static final int LEFT = 90;
    private static final int RIGHT = 40;
    private static final int TOP = 74;
    private static final int BOTTOM = 58;
    private static final int LINE = 20;
    private static final int TITLE = 24;
    private static final int LEGEND = 52;
    private static final int LEGEND_WIDTH = 150;

    /** Distinguishable with colour blindness (Okabe and Ito). */
    private static final String[] COLOURS = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

    private final Svg svg = new Svg(WIDTH, HEIGHT);
    private final Axis x;
    private final Axis y;

    private CurvePlot(Axis x, Axis y) {
        this.x = x;
        this.y = y;
    }

    /** The plot as SVG text. A curve's keys are values on the x axis, in ascending order. */
    public static String draw(String title, Axis x, Axis y, Map<String, Map<Double, Double>> curves) {
        CurvePlot plot = new CurvePlot(x, y);
        plot.svg.text(WIDTH / 2.0, TITLE, Anchor.MIDDLE, title);
        plot.drawAxes();
        int number = 0;
        for (Map.Entry<String, Map<Double, Double>> curve : curves.entrySet()) {
            plot.drawCurve(curve.getKey(), curve.getValue(), number++);
        }
        return plot.svg.toString();
    }

    private void drawAxes() {
        x.ticks().forEach((value, name) -> {
            svg.line(left(value), TOP, left(value), HEIGHT - BOTTOM, Svg.GRID);
            svg.text(left(value), HEIGHT - BOTTOM + LINE, Anchor.MIDDLE, name);
        });
        y.ticks().forEach((value, name) -> {
            svg.line(LEFT, top(value), WIDTH - RIGHT, top(value), Svg.GRID);
            svg.text(LEFT - 8, top(value) + 5, Anchor.END, name);
        });
        svg.line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, Svg.INK);
        svg.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, Svg.INK);
        svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14, Anchor.MIDDLE, x.title());
        svg.text(LEFT - 8, TOP - 12, Anchor.END, y.title());
    }

    private void drawCurve(String name, Map<Double, Double> curve, int number) {
        String colour = COLOURS[number % COLOURS.length];
        svg.curve(curve.entrySet().stream().map(point -> new Point(left(point.getKey()), top(point.getValue()))),
                colour);
        double left = LEFT + LEGEND_WIDTH * number;
        svg.rectangle(left, LEGEND - 6, 22, 5, colour);
        svg.text(left + 28, LEGEND, Anchor.START, name);
    }

    private double left(double value) {
        return LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
    }

    private double top(double value) {
        return HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM);
    }
}
