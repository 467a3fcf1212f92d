package dev.linen.bench;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** A measurement for one or more targets. Its figures are lines of the report's first table. */
interface TargetMeasurement extends Measurement {

    Set<Target> targets();

    @Override
    default List<String> words() {
        return targets().stream().sorted().map(target -> target.name().toLowerCase(Locale.ROOT)).toList();
    }

    @Override
    default String what() {
        return targets().stream().sorted().map(target -> target + " " + target.what())
                .collect(Collectors.joining("; "));
    }
}
