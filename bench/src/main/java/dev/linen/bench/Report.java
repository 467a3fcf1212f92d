package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The report: a table with one or more lines for each target, a list of what is missing, and sections. */
final class Report {

    private final List<Row> rows = new ArrayList<>();
    private final Set<String> missing = new LinkedHashSet<>();
    private final Map<String, List<String>> sections = new LinkedHashMap<>();
    private final List<String> pictures = new ArrayList<>();

    void add(Row row) {
        rows.add(row);
    }

    void missing(String what, String reason) {
        missing.add(what + ": " + reason);
    }

    void missing(Map<String, String> reasonsByName) {
        reasonsByName.forEach(this::missing);
    }

    /** Adds a line of Markdown to the section with that title. */
    void note(String title, String line) {
        note(title, List.of(line));
    }

    void note(String title, List<String> lines) {
        sections.computeIfAbsent(title, name -> new ArrayList<>()).addAll(lines);
    }

    /** Adds a picture to the section with that title. Its file is in the folder of the report. */
    void plot(String title, String fileName) {
        pictures.add(fileName);
        note(title, List.of("", "![%s](%s)".formatted(title, fileName)));
    }

    boolean hasRatios() {
        return rows.stream().anyMatch(row -> row.ratio().isPresent());
    }

    List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Every target has a line, even if it was left out or couldn't be measured. */
    private List<Row> allRows() {
        List<Row> all = new ArrayList<>();
        for (Target target : Target.values()) {
            List<Row> ofTarget = rows.stream().filter(row -> row.target() == target).toList();
            all.addAll(ofTarget.isEmpty() ? List.of(Row.notMeasured(target, target.what(), "")) : ofTarget);
        }
        return all;
    }

    String text(String machine, String run) {
        StringBuilder text = new StringBuilder("# linen: measured\n\n");
        text.append(machine).append("\n\n").append(run).append("\n\n");
        Table table = new Table("target", "what", "linen", "baseline", "ratio", "goal", "verdict");
        for (Row row : allRows()) {
            String ratio = row.ratio().isPresent() ? Unit.ratio(row.ratio().getAsDouble()) : "";
            table.row(row.target(), row.what(), row.figure(), row.baseline(), ratio, row.goal(), row.verdict());
        }
        text.append(String.join("\n", table.lines())).append("\n\n## Missing\n\n");
        if (missing.isEmpty()) {
            text.append("Nothing.\n");
        }
        missing.forEach(line -> text.append("- ").append(line).append('\n'));
        sections.forEach((title, lines) -> text.append("\n## ").append(title).append("\n\n")
                .append(String.join("\n", lines).strip()).append('\n'));
        return text.toString();
    }

    /** Copies the report's file and its pictures into another folder. */
    void copy(Path file, Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Path each : Stream.concat(Stream.of(file), pictures.stream().map(file::resolveSibling)).toList()) {
            Files.copy(each, folder.resolve(each.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
