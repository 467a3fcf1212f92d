package dev.linen.bench;

import java.util.List;
import java.util.function.Function;

/** A process's memory and other resources before and after very many threads, one after the other. */
final class LeakMeasurement implements Measurement {

    private static final String LINEN = "linen, very many threads";

    /** A figure of the process. */
    private record Figure(String label, String what, Unit unit) {}

    private static final List<Figure> FIGURES = List.of(new Figure("vmas", "mappings (VMAs)", Unit.COUNT),
            new Figure("rss", "memory in use (RSS)", Unit.BYTES), new Figure("tasks", "tasks", Unit.COUNT),
            new Figure("fds", "file descriptors", Unit.COUNT));

    @Override
    public List<String> words() {
        return List.of("leaks");
    }

    @Override
    public String what() {
        return "a process before and after very many threads";
    }

    @Override
    public void measure(Lab lab) throws InterruptedException {
        Arm arm = new ProgramArm(LINEN, lab.java(MemoryMeasurement.STEADY_JVM, "Leaks", lab.effort().cycles(),
                lab.effort().cycleSeconds()));
        Rounds rounds = lab.rounds(Rounds.Place.ALL_CPUS, /* rounds */ 1, List.of(arm));
        rounds.of(LINEN, "cycles").ifPresent(cycles -> {
            String title = "What remains after %s create + join + close".formatted(Unit.COUNT.format(cycles));
            lab.report().note(title, table(label -> rounds.of(LINEN, label).orElseThrow().median()).lines());
        });
    }

    private static Table table(Function<String, Double> figures) {
        Table table = new Table("of the whole process", "before", "after", "difference");
        for (Figure figure : FIGURES) {
            double before = figures.apply("before-" + figure.label());
            double after = figures.apply("after-" + figure.label());
            table.row(figure.what(), figure.unit().format(before), figure.unit().format(after),
                    figure.unit().format(after - before));
        }
        return table;
    }
}
