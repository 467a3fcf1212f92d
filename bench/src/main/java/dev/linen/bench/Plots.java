package dev.linen.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Pictures, as SVG. */
final class Plots {

    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;
    private static final int HEIGHT_OF_AXIS = 100;

    /** With less, XChart leaves names out. */
    private static final int HEIGHT_OF_BAR = 85;

    private Plots() {}

    /** Those who sleep on a logarithmic axis. */
    static Path curves(Path file, String title, String x, String y, Map<String, Map<Double, Double>> curves)
            throws IOException {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(title).xAxisTitle(x).yAxisTitle(y)
                .build();
        chart.getStyler().setXAxisLogarithmic(true).setYAxisMin(0.0).setLegendPosition(LegendPosition.InsideNW)
                .setChartBackgroundColor(Color.WHITE);
        curves.forEach((name, curve) -> {
            if (!curve.isEmpty()) {
                chart.addSeries(name, new ArrayList<>(curve.keySet()), new ArrayList<>(curve.values()));
            }
        });
        ChartEncoder.saveChart(chart, file.toString(), "svg");
        return file;
    }

    /** Linen's figure by that of each it has a goal against: below 1, linen costs less. */
    static Path ratios(Path file, List<Row> rows) throws IOException {
        List<String> names = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        rows.stream().filter(row -> row.ratio().isPresent() && row.verdict() != Row.Verdict.ONLY_TOLD)
                .sorted(Comparator.comparing(Row::target)).forEach(row -> {
                    String against = row.baseline().replaceFirst(" [-0-9.,]+ (ns|µs|ms|s|B|KiB)\\b.*", "");
                    names.add(row.target() + " " + row.what().replace("`", "") + " / " + against);
                    ratios.add(Math.round(row.ratio().getAsDouble() * 100) / 100.0);
                });
        HorizontalBarChart chart = new HorizontalBarChartBuilder().width(WIDTH)
                .height(HEIGHT_OF_AXIS + HEIGHT_OF_BAR * names.size())
                .title("linen, by what it is compared with (below 1: linen costs less)").build();
        chart.getStyler().setLabelsVisible(true).setLegendVisible(false).setChartBackgroundColor(Color.WHITE);
        chart.addSeries("ratio", ratios, names);
        ChartEncoder.saveChart(chart, file.toString(), "svg");
        return file;
    }
}
