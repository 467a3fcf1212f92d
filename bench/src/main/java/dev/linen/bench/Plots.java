package dev.linen.bench;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

import dev.linen.bench.plot.Axis;
import dev.linen.bench.plot.BarPlot;
import dev.linen.bench.plot.BarPlot.Bar;
import dev.linen.bench.plot.CurvePlot;

/** The report's pictures, as SVG text. */
final class Plots {

    private Plots() {}

    /** Times in microseconds by the number of sleeping threads. */
    static String growth(String title, Map<String, Map<Double, Double>> curves) {
        return CurvePlot.draw(title,
                Axis.logarithmic("sleeping threads", keys(curves).min().orElse(1), keys(curves).max().orElse(1)),
                Axis.linear("µs", values(curves).max().orElse(1)), curves);
    }

    /** Times in microseconds by the share of operations that took no longer. */
    static String distribution(String title, Map<String, Map<Double, Double>> curves) {
        return CurvePlot.draw(title,
                Axis.nines("share that took no longer", keys(curves).max().orElse(0.5)),
                Axis.logarithmic("µs", values(curves).min().orElse(1), values(curves).max().orElse(1)), curves);
    }

    private static DoubleStream keys(Map<String, Map<Double, Double>> curves) {
        return curves.values().stream().flatMap(curve -> curve.keySet().stream()).mapToDouble(Double::doubleValue);
    }

    private static DoubleStream values(Map<String, Map<Double, Double>> curves) {
        return curves.values().stream().flatMap(curve -> curve.values().stream()).mapToDouble(Double::doubleValue);
    }

    /** The ratio of linen's figure to each baseline with a goal: below 1, linen costs less. */
    static String ratios(List<Row> rows) {
        List<Bar> bars = rows.stream()
                .filter(row -> row.ratio().isPresent() && row.verdict() != Row.Verdict.NO_GOAL)
                .sorted(Comparator.comparing(Row::target)).map(Plots::bar).toList();
        return BarPlot.draw("linen relative to its baselines: below 1, linen costs less (orange: goal missed)",
                bars);
    }

    private static Bar bar(Row row) {
        String against = row.baseline().replaceFirst(" [-0-9.,]+ (ns|µs|ms|s|B|KiB)\\b.*", "");
        double ratio = row.ratio().orElseThrow();
        return new Bar(row.target() + " " + row.what().replace("`", "") + " / " + against, ratio,
                String.format(Locale.ROOT, "%.2f", ratio), row.verdict() == Row.Verdict.MET);
    }
}
