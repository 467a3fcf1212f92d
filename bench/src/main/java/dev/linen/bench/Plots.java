package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

    private Plots() {}

    /** Both axes logarithmic. */
    static Path curves(Path file, String title, String x, String y, Map<String, Map<Double, Double>> curves)
            throws IOException {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(title).xAxisTitle(x).yAxisTitle(y)
                .build();
        chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true)
                .setLegendPosition(LegendPosition.InsideNW);
        curves.forEach((name, curve) -> {
            if (!curve.isEmpty()) {
                chart.addSeries(name, new ArrayList<>(curve.keySet()), new ArrayList<>(curve.values()));
            }
        });
        ChartEncoder.saveChart(chart, file.toString(), "svg");
        return file;
    }

    /** Linen's figure by that of each it is compared with: below 1, linen costs less. */
    static Path ratios(Path file, List<Row> rows) throws IOException {
        List<String> names = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        for (Row row : rows) {
            if (row.ratio().isPresent()) {
                String against = row.baseline().replaceFirst(" [-0-9.,]+ (ns|µs|ms|s|B|KiB)\\b.*", "");
                names.add(row.target() + " " + row.what().replace("`", "") + " / " + against);
                ratios.add(row.ratio().getAsDouble());
            }
        }
        HorizontalBarChart chart = new HorizontalBarChartBuilder().width(WIDTH).height(2 * HEIGHT)
                .title("linen, by what it is compared with (below 1: linen costs less)").build();
        chart.getStyler().setLabelsVisible(true);
        chart.getStyler().setLegendVisible(false);
        chart.addSeries("ratio", ratios.reversed(), names.reversed());
        ChartEncoder.saveChart(chart, file.toString(), "svg");
        return file;
    }
}
