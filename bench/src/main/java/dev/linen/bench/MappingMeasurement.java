package dev.linen.bench;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** P11: memory mapped, used and unmapped. */
final class MappingMeasurement implements TargetMeasurement {

    @Override
    public Set<Target> targets() {
        return Set.of(Target.P11);
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Rounds rounds = lab.rounds(Rounds.Place.ONE_CPU, List.of(lab.c("C", "map"),
                lab.jmhOfSlow("linen", "Mappings.linen"), lab.jmhOfSlow("the two raw calls from Java", "Mappings.raw"),
                lab.jmh("Arena (zeroed)", "Mappings.arena")));
        Optional<Samples> linen = rounds.of("linen");
        lab.report().add(Row.ratio(Target.P11, "map, touch, unmap 2 MiB", Unit.NANOSECONDS, linen, "C",
                rounds.of("C"), 1.05));
        linen.ifPresent(figure -> List.of("the two raw calls from Java", "Arena (zeroed)").forEach(other -> rounds
                .of(other).ifPresent(baseline -> lab.report().add(Row.comparison(Target.P11, "map, touch, unmap 2 MiB",
                        Unit.NANOSECONDS, figure, other, baseline)))));
    }
}
