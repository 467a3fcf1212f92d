package dev.linen.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** P9: whether a thread costs more if there are many others. */
final class GrowthMeasurement implements TargetMeasurement {

    private static final String TITLE = "Create + join beside sleeping threads, one CPU";
    private static final String FEW = "10";

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
        int most = lab.effort().alive().getLast();
        String beside = "create + join beside " + Unit.COUNT.format(most);
        lab.report().add(Row.ratio(Target.P9, beside + ", one CPU", Unit.NANOSECONDS,
                rounds.of("linen", String.valueOf(most)), "beside 10", rounds.of("linen", FEW), 1.05));
        rounds.of("pthread", String.valueOf(most)).ifPresent(many -> rounds.of("pthread", FEW).ifPresent(few -> lab
                .report()
                .add(Row.comparison(Target.P9, "the same of pthread", Unit.NANOSECONDS, many, "beside 10", few))));
        table(rounds, lab);
        plot(rounds, lab);
    }

    private static void table(Rounds rounds, Lab lab) {
        Table table = new Table("sleeping threads", rounds.arms());
        for (int alive : lab.effort().alive()) {
            table.row(Unit.COUNT.format(alive), rounds.arms().stream().map(arm -> rounds
                    .of(arm, String.valueOf(alive)).map(Unit.NANOSECONDS::format).orElse("")).toList());
        }
        lab.report().note(TITLE, table.lines());
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
        if (!curves.isEmpty()) {
            lab.plot(TITLE, "growth.svg", Plots.growth(TITLE, curves));
        }
    }
}
