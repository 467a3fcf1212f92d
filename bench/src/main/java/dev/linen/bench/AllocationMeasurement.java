package dev.linen.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** P3: how much memory calls allocate. */
final class AllocationMeasurement implements TargetMeasurement {

    private static final Map<String, String> CALLS = Map.of("call", "a raw call", "six", "a raw call with 6 arguments",
            "failed", "a raw call that fails", "named", "a call by name", "await", "`Futex.await`", "deadline", "`Futex.awaitUntil`", "wake",
            "`Futex.wake`", "mprotect", "`Mapping.protect`");

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P3);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Arm arm = new ProgramArm("allocations", lab.java(List.of(), "Allocations"));
        Rounds rounds = lab.rounds(Rounds.Place.ALL_CPUS, 1, List.of(arm));
        for (String label : rounds.labels(arm.name())) {
            lab.report().add(Row.most(Target.P3, "allocated by " + CALLS.get(label), Unit.BYTES,
                    rounds.of(arm.name(), label), 0));
        }
    }
}
