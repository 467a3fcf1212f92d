package dev.linen.bench;

import java.util.List;
import java.util.Set;

/** P15: how many states after a power cut are made, recovered and compared in a second. */
final class PowerCutMeasurement implements TargetMeasurement {

    private static final double GOAL = 500;

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P15);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Rounds rounds = lab.rounds(Rounds.Place.ALL_CPUS,
                List.of(new ProgramArm("linen", lab.java(List.of(), "PowerCuts"))));
        lab.report().add(Row.least(Target.P15, "states a second, of a log with 200 records", Unit.COUNT,
                rounds.of("linen", "states"), GOAL));
        rounds.of("linen", "recovery").ifPresent(recovery -> lab.report().add(Row.most(Target.P15,
                "of a state's time, the store's own recovery", Unit.NANOSECONDS, rounds.of("linen", "recovery"), 1e6)));
    }
}
