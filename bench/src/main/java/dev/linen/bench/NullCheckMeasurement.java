package dev.linen.bench;

import java.util.List;
import java.util.Set;

/** P12: the cost of linen's signal handler in front of the JVM's. */
final class NullCheckMeasurement implements TargetMeasurement {

    private static final String WITH = "NullPointerException, contained";
    private static final String WITHOUT = "NullPointerException, faults off";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P12);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        // Twice as many rounds: the goal is closer to 1 than the usual differences from run to run.
        Rounds rounds = lab.rounds(Rounds.Place.ONE_CPU, 2 * lab.effort().rounds(), List.of(
                lab.jmh(WITHOUT, "NullChecks.nullPointerException", "-Ddev.linen.faults=off"),
                lab.jmh(WITH, "NullChecks.nullPointerException")));
        lab.report().add(Row.ratio(Target.P12, "NullPointerException by SIGSEGV", Unit.NANOSECONDS, rounds.of(WITH),
                "faults off", rounds.of(WITHOUT), 1.02));
    }
}
