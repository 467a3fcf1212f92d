package dev.linen.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The distribution of single times, for several ways: a table and a plot. */
final class Distribution {

    private static final Map<String, Double> SHARES = shares();

    private final Lab lab;
    private final String title;
    private final String label;
    private final List<LatencyArm> arms;

    /**
     * A distribution of what the arms have measured so far.
     *
     * @param lab the lab whose report gets it
     * @param title the title of the section
     * @param label the arms' label for these times
     * @param arms the ways; those that couldn't run are left out
     */
    Distribution(Lab lab, String title, String label, List<LatencyArm> arms) {
        this.lab = lab;
        this.title = title;
        this.label = label;
        this.arms = arms.stream().filter(arm -> arm.latencies(label).count() > 0).toList();
    }

    private static Map<String, Double> shares() {
        Map<String, Double> shares = new LinkedHashMap<>();
        shares.put("50 %", 0.5);
        shares.put("90 %", 0.9);
        shares.put("99 %", 0.99);
        shares.put("99.9 %", 0.999);
        shares.put("the longest", 1.0);
        return shares;
    }

    void report(String pictureName) {
        if (arms.isEmpty()) {
            return;
        }
        Table table = new Table("no longer than", SHARES.keySet(), "of");
        Map<String, Map<Double, Double>> curves = new LinkedHashMap<>();
        for (LatencyArm arm : arms) {
            Latencies latencies = arm.latencies(label);
            table.row(arm.name(),
                    SHARES.values().stream().map(share -> Unit.NANOSECONDS.format(latencies.percentile(share)))
                            .toList(),
                    Unit.COUNT.format(latencies.count()));
            Map<Double, Double> micros = new LinkedHashMap<>();
            latencies.curve().forEach((share, nanos) -> micros.put(share, nanos / 1000));
            curves.put(arm.name(), micros);
        }
        lab.report().note(title, table.lines());
        lab.plot(title, pictureName, Plots.distribution(title, curves));
    }
}
