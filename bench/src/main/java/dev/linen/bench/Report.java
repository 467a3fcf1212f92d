package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What was found: a table with a line or more for each target, what is missing, and notes. */
final class Report {

    private final List<Row> rows = new ArrayList<>();
    private final Set<String> missing = new LinkedHashSet<>();
    private final Map<String, List<String>> notes = new TreeMap<>();
    private final List<Path> plots = new ArrayList<>();

    void add(Row row) {
        rows.add(row);
    }

    void missing(String what, String reason) {
        missing.add(what + ": " + reason);
    }

    void missing(Map<String, String> reasonsByName) {
        reasonsByName.forEach(this::missing);
    }

    void note(String title, String line) {
        notes.computeIfAbsent(title, name -> new ArrayList<>()).add(line);
    }

    void plot(Path picture) {
        plots.add(picture);
    }

    List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Each target has a line: those that were left out, or came to nothing, too. */
    private List<Row> allRows() {
        List<Row> all = new ArrayList<>();
        for (Target target : Target.values()) {
            List<Row> ofTarget = rows.stream().filter(row -> row.target() == target).toList();
            all.addAll(ofTarget.isEmpty() ? List.of(Row.notMeasured(target, target.what(), "")) : ofTarget);
        }
        return all;
    }

    void write(Path file, String machine, String run) throws IOException {
        StringBuilder text = new StringBuilder("# linen: measured\n\n");
        text.append(machine).append("\n\n").append(run).append("\n\n");
        text.append("| target | what | linen | baseline | ratio | goal | verdict |\n|---|---|---|---|---|---|---|\n");
        for (Row row : allRows()) {
            String ratio = row.ratio().isPresent() ? "%.3f".formatted(row.ratio().getAsDouble()) : "";
            text.append("| ").append(String.join(" | ", row.target().name(), row.what(), row.figure(), row.baseline(),
                    ratio, row.goal(), row.verdict().toString())).append(" |\n");
        }
        text.append("\n## Missing\n\n");
        if (missing.isEmpty()) {
            text.append("Nothing.\n");
        }
        missing.forEach(line -> text.append("- ").append(line).append('\n'));
        notes.forEach((title, lines) -> {
            text.append("\n## ").append(title).append("\n\n");
            lines.forEach(line -> text.append(line).append('\n'));
        });
        if (!plots.isEmpty()) {
            text.append("\n## Plots\n\n");
            plots.forEach(plot -> text.append("![](").append(plot.getFileName()).append(")\n"));
        }
        Files.writeString(file, text);
    }
}
