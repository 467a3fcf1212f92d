package dev.linen.bench;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A table of the figures of several ways, with the ratio of the second to the first: linen to C. */
final class Comparison {

    private final List<String> ways;
    private final Table table;

    Comparison(String what, List<String> ways) {
        this.ways = ways;
        this.table = new Table(what, ways, ways.get(1) + " / " + ways.get(0));
    }

    void row(String what, Unit unit, Function<String, Optional<Samples>> figures) {
        List<String> cells = ways.stream().map(way -> figures.apply(way).map(unit::format).orElse("")).toList();
        String ratio = figures.apply(ways.get(1)).flatMap(figure -> figures.apply(ways.get(0))
                .map(baseline -> Unit.ratio(figure.median() / baseline.median()))).orElse("");
        table.row(what, cells, ratio);
    }

    List<String> lines() {
        return table.lines();
    }
}
