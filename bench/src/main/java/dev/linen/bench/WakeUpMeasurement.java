package dev.linen.bench;

import java.util.List;

/** Wake-up latency: two threads hand each other the turn, by a futex or by one of Java's means. */
final class WakeUpMeasurement implements Measurement {

    private static final List<String> WAYS = List.of("C", "linen", "LockSupport", "Semaphore", "SynchronousQueue");

    @Override
    public List<String> words() {
        return List.of("wake-up");
    }

    @Override
    public String what() {
        return "wake-up latency, and round trip";
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Comparison trips = new Comparison("there and back", WAYS);
        trip(trips, "one CPU", measure(lab, Rounds.Place.ONE_CPU, "one CPU", "wake-up-one-cpu.svg"));
        trip(trips, "all CPUs", measure(lab, Rounds.Place.ALL_CPUS, "all CPUs", "wake-up-all-cpus.svg"));
        lab.report().note("A round trip between two threads: two wakes, two sleeps", trips.lines());
    }

    private static void trip(Comparison trips, String where, Rounds rounds) {
        trips.row(where, Unit.NANOSECONDS, way -> rounds.of(way, "round-trip"));
    }

    private static Rounds measure(Lab lab, Rounds.Place place, String where, String picture)
            throws InterruptedException {
        List<LatencyArm> arms = WAYS.stream().map(way -> new LatencyArm(way, command(lab, way))).toList();
        Rounds rounds = lab.sideRounds(place, arms);
        new Distribution(lab, "Wake-up latency, " + where, "wake-up", arms).report(picture);
        return rounds;
    }

    private static List<String> command(Lab lab, String way) {
        int turns = lab.effort().singles();
        return way.equals("C") ? lab.program("pingpong", turns) : lab.java(List.of(), "PingPong", way, turns);
    }
}
