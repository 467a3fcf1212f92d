package dev.linen.bench;

import java.util.List;
import java.util.Set;

/** P8: how many threads can be alive at once. */
final class ManyMeasurement implements TargetMeasurement {

    private static final double HALF_A_SECOND = 5e8;

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P8);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        int most = lab.effort().most();
        // Fewer rounds than usual: meanwhile, few tasks are left for the rest of the machine.
        Rounds rounds = lab.rounds(Rounds.Place.ALL_CPUS, Math.ceilDiv(lab.effort().rounds(), 3),
                List.of(new ProgramArm("linen", lab.java(List.of(), "Many", most))));
        lab.report().add(Row.least(Target.P8, "alive at once", Unit.COUNT, rounds.of("linen", "alive"), 30_000));
        lab.report().add(Row.most(Target.P8, "mappings each", Unit.COUNT, rounds.of("linen", "mappings"), 0.01));
        lab.report().add(Row.most(Target.P8, "all woken, joined and closed in", Unit.NANOSECONDS,
                rounds.of("linen", "end"), HALF_A_SECOND));
    }
}
