package dev.linen.bench;

import java.util.List;

/** The time of every single create and join: a mean says nothing about the slow ones. */
final class CreationLatencyMeasurement implements Measurement {

    @Override
    public List<String> words() {
        return List.of("latency");
    }

    @Override
    public String what() {
        return "every single create + join, on a cached stack";
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        int times = lab.effort().singles();
        List<LatencyArm> arms = List.of(
                new LatencyArm("pthread", lab.program("create", "each", times)),
                java(lab, "linen", times), java(lab, "Thread", times));
        lab.sideRounds(Rounds.Place.ONE_CPU, arms);
        new Distribution(lab, "Every single create + join, one CPU", "cycle", arms).report("latency.svg");
    }

    private static LatencyArm java(Lab lab, String kind, int times) {
        return new LatencyArm(kind,
                lab.java(List.of(), "CreateJoin", "each", kind, lab.effort().creationWarmUpMillis(), times));
    }
}
