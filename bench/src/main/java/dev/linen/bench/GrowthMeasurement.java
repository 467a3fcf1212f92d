package dev.linen.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** P9: whether a thread costs more when there are many others. */
final class GrowthMeasurement implements Measurement {

    private static final String FEW = "10";
    private static final String MANY = "10000";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P9);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Object[] alive = lab.effort().alive().toArray();
        Rounds rounds = lab.rounds(Rounds.Place.ONE_CPU, List.of(lab.c("pthread", "create", alive),
                CreationMeasurement.java(lab, "linen", alive),
                CreationMeasurement.java(lab, "Thread", lab.effort().aliveJava().toArray())));
        lab.report().add(Row.ratio(Target.P9, "create + join beside 10,000, one CPU", Unit.NANOSECONDS,
                rounds.of("linen", MANY), "beside 10", rounds.of("linen", FEW), 1.2));
        rounds.of("pthread", MANY).ifPresent(many -> rounds.of("pthread", FEW).ifPresent(few -> lab.report()
                .add(Row.told(Target.P9, "the same of pthread", Unit.NANOSECONDS, many, "beside 10", few))));
        table(rounds, lab);
        plot(rounds, lab);
    }

    private static void table(Rounds rounds, Lab lab) {
        String title = "Create + join beside others";
        lab.report().note(title, "| sleeping threads | " + String.join(" | ", rounds.arms()) + " |");
        lab.report().note(title, "|---|" + "---|".repeat(rounds.arms().size()));
        for (int alive : lab.effort().alive()) {
            StringBuilder line = new StringBuilder("| %,d |".formatted(alive));
            for (String arm : rounds.arms()) {
                line.append(' ').append(rounds.of(arm, String.valueOf(alive))
                        .map(samples -> Unit.NANOSECONDS.format(samples)).orElse("")).append(" |");
            }
            lab.report().note(title, line.toString());
        }
    }

    private static void plot(Rounds rounds, Lab lab) {
        Map<String, Map<Double, Double>> curves = new LinkedHashMap<>();
        for (String arm : rounds.arms()) {
            Map<Double, Double> curve = new LinkedHashMap<>();
            for (String label : rounds.labels(arm)) {
                rounds.of(arm, label)
                        .ifPresent(samples -> curve.put(Double.parseDouble(label), samples.median() / 1000));
            }
            curves.put(arm, curve);
        }
        try {
            lab.report().plot(Plots.curves(lab.output().resolve("growth.svg"), "Create + join beside sleeping threads",
                    "sleeping threads", "µs", curves));
        } catch (IOException | RuntimeException | LinkageError reason) {
            lab.report().missing("growth.svg", String.valueOf(reason.getMessage()));
        }
    }
}
