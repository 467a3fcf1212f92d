package dev.linen.powercut;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.linen.inject.FileId;
import dev.linen.inject.Operation;
import dev.linen.powercut.CrashState.Damage;
import dev.linen.powercut.Step.Entries;

/**
 * What a trial says.
 *
 * @param total how many states there are, if only some were tried; otherwise 0
 */
record ReportText(Run run, Durability durability, Settings settings, int tried, int failing, long total) {

    private static final int MOST_MISSING = 8;
    private static final int MOST_CHARACTERS = 200;

    /** A line of the table: what happened to a call. */
    private record Row(String what, String call, String line, String why) {}

    String passed() {
        return "%,d states after a power cut, none of which loses what was acknowledged (model: %s)%s"
                .formatted(tried, settings.model(), chosen()) + unseen();
    }

    private String chosen() {
        return total == 0
                ? ""
                : "; %,d of %,d states were made, chosen with the seed %d".formatted(settings.most(), total,
                        settings.seed());
    }

    private String unseen() {
        return run.unseen().isEmpty()
                ? ""
                : "\n  not in the record: " + String.join("\n  not in the record: ",
                        run.unseen());
    }

    String failed(Finding smallest, Path kept) {
        return "%,d of %,d states after a power cut lose what was acknowledged (model: %s)%s. The smallest:\n"
                .formatted(failing, tried, settings.model(), chosen()) + describe(smallest) + "\n  the files: " + kept
                + unseen();
    }

    /** Returns what is missing in a state, and what recovery made of it. */
    String describe(Finding finding) {
        CrashState state = finding.state();
        List<Row> rows = new ArrayList<>();
        rows.add(cut(state.cut()));
        int[] missing = state.missing().stream().toArray();
        for (int i = 0; i < Math.min(missing.length, MOST_MISSING); i++) {
            rows.add(row("not on the disk", missing[i], why(missing[i])));
        }
        if (missing.length > MOST_MISSING) {
            rows.add(new Row("", "and " + (missing.length - MOST_MISSING) + " more", "", ""));
        }
        if (state.damaged() != CrashState.NONE) {
            rows.add(row(state.damage().heading, state.damaged(), why(state.damaged())));
        }
        if (missing.length == 0 && state.damage() == Damage.NONE) {
            rows.add(new Row("all is on the disk", "the process was killed, or the power was cut", "", ""));
        }
        String text = table(rows);
        text += "  %-20s  %s%n".formatted("acknowledged", shortened(run.acks().get(finding.acked()).value()));
        return text + "  %-20s  %s".formatted("recovery", String.join("\n" + " ".repeat(24), finding.failure()));
    }

    /** Returns what a state at the end of the run lacks; of each file the first change. */
    String notDurable(CrashState end) {
        Map<FileId, List<Integer>> byFile = new LinkedHashMap<>();
        end.missing().stream().forEach(
                change -> byFile.computeIfAbsent(run.change(change).file(), unknown -> new ArrayList<>()).add(change));
        List<Row> rows = new ArrayList<>();
        byFile.values().stream().limit(MOST_MISSING)
                .forEach(changes -> rows.add(row("not on the disk", changes.getFirst(), why(changes.getFirst())
                        + (changes.size() == 1 ? "" : ", nor of " + (changes.size() - 1) + " later changes"))));
        if (byFile.size() > MOST_MISSING) {
            rows.add(new Row("", "and changes of " + (byFile.size() - MOST_MISSING) + " more files", "", ""));
        }
        return table(rows).stripTrailing() + unseen();
    }

    private static String table(List<Row> rows) {
        StringBuilder text = new StringBuilder();
        int calls = rows.stream().mapToInt(row -> row.call().length()).max().orElse(0);
        int lines = rows.stream().mapToInt(row -> row.line().length()).max().orElse(0);
        for (Row row : rows) {
            text.append(("  %-20s  %-" + calls + "s  %-" + Math.max(lines, 1) + "s  %s").formatted(row.what(),
                    row.call(), row.line(), row.why()).stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private static String shortened(Object value) {
        String text = value.toString();
        return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "...";
    }

    private Row cut(int cut) {
        return cut == 0 ? row("power cut before", 0, "") : row("power cut after", cut - 1, "");
    }

    private Row row(String what, int step, String why) {
        return new Row(what, OperationText.of(run.operation(step), run.folder()),
                OperationText.line(run.operation(step)), why);
    }

    private String why(int change) {
        if (durability.isForgotten(change)) {
            return "<- its fsync failed, after which the kernel takes the page for clean";
        }
        return run.steps().get(change) instanceof Entries
                ? "<- no fsync of the directory since"
                : "<- no fsync of the file since";
    }

    /** Returns all calls, with marks for those that a state lacks. A close changes nothing. */
    String calls(CrashState state) {
        StringBuilder text = new StringBuilder();
        int step = 0;
        for (int call = 0; call < run.operations().size(); call++) {
            Operation operation = run.operations().get(call);
            char mark = step >= state.cut() ? ' ' : '+';
            for (; step < run.steps().size() && run.steps().get(step).call() == call; step++) {
                mark = step >= state.cut()
                        ? ' '
                        : state.missing().get(step) ? '-' : step == state.damaged() ? '~' : '+';
            }
            if (OperationText.isShown(operation)) {
                String line = OperationText.line(operation);
                text.append(mark).append(' ').append(OperationText.of(operation, run.folder()))
                        .append(line.isEmpty() ? "" : "    " + line).append('\n');
            }
        }
        return text.toString();
    }
}
