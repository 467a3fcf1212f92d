package dev.linen.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import dev.linen.process.Affinity;
import dev.linen.process.CpuSet;

/** Runs arms in turns, A B C, C B A, A B C, ..., so that other activity of the machine affects all of them. */
final class Rounds {

    private final Map<String, Map<String, Samples>> figures = new LinkedHashMap<>();
    private final Map<String, String> missing = new LinkedHashMap<>();

    private Rounds() {}

    /** The CPUs that the processes run on. */
    enum Place {
        /** All threads of a process on one CPU: their cost, regardless of how the kernel distributes threads. */
        ONE_CPU,
        /** Wherever the kernel puts them. */
        ALL_CPUS
    }

    static Rounds run(Progress progress, Place place, int rounds, List<? extends Arm> arms)
            throws InterruptedException {
        CpuSet all = Affinity.current();
        if (place == Place.ONE_CPU) {
            Affinity.setCurrent(last(all)); // processes inherit it
        }
        try {
            Rounds result = new Rounds();
            for (int round = 1; round <= rounds; round++) {
                for (Arm arm : round % 2 == 1 ? arms : arms.reversed()) {
                    progress.round(round, rounds, arm.name());
                    result.run(arm);
                }
            }
            return result;
        } finally {
            Affinity.setCurrent(all);
        }
    }

    /** Not the first CPU, which handles most of the interrupts. */
    private static CpuSet last(CpuSet cpus) {
        return CpuSet.of(cpus.stream().max().orElseThrow());
    }

    private void run(Arm arm) throws InterruptedException {
        if (missing.containsKey(arm.name())) {
            return;
        }
        try {
            Map<String, Samples> ofArm = figures.computeIfAbsent(arm.name(), name -> new LinkedHashMap<>());
            arm.run().forEach((label, figure) -> ofArm.computeIfAbsent(label, name -> new Samples()).add(figure));
        } catch (MissingException reason) {
            missing.put(arm.name(), String.valueOf(reason.getMessage()));
            figures.remove(arm.name());
        }
    }

    /** The arms that couldn't run, with the reasons. */
    Map<String, String> missing() {
        return missing;
    }

    /** The labels of an arm's figures. */
    List<String> labels(String arm) {
        return new ArrayList<>(figures.getOrDefault(arm, Map.of()).keySet());
    }

    Set<String> arms() {
        return new LinkedHashSet<>(figures.keySet());
    }

    Optional<Samples> of(String arm, String label) {
        return Optional.ofNullable(figures.getOrDefault(arm, Map.of()).get(label));
    }

    /** The samples of an arm with a single label. */
    Optional<Samples> of(String arm) {
        return figures.getOrDefault(arm, Map.of()).values().stream().findFirst();
    }
}
