package dev.linen.bench;

import java.util.List;
import java.util.Set;

/** P12: linen's signal handler stands before the JVM's. */
final class NullCheckMeasurement implements TargetMeasurement {

    private static final String WITH = "NullPointerException, contained";
    private static final String WITHOUT = "NullPointerException, faults off";

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P12);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        // Twice as often: the goal is nearer to 1 than to what other things differ by from run to run.
        Rounds rounds = lab.rounds(Rounds.Place.ONE_CPU, 2 * lab.effort().rounds(), List.of(
                lab.jmh(WITHOUT, "NullChecks.nullPointerException", "-Ddev.linen.faults=off"),
                lab.jmh(WITH, "NullChecks.nullPointerException")));
        lab.report().add(Row.ratio(Target.P12, "NullPointerException by SIGSEGV", Unit.NANOSECONDS, rounds.of(WITH),
                "faults off", rounds.of(WITHOUT), 1.02));
    }
}
