package dev.linen.powercut;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import dev.linen.inject.FileId;
import dev.linen.powercut.Step.Change;
import dev.linen.powercut.Step.Entries;
import dev.linen.powercut.Step.Sync;

/**
 * Draws a run: a row for each file and directory, the steps from left to right. A change is a stroke, with a bar behind
 * it until it is durable. A sync is a green stroke, an acknowledgement a triangle at the top, the power cut a red line.
 */
final class RunPicture {

    private static final int LEFT = 180;
    private static final int TOP = 46;
    private static final int ROW = 22;
    private static final int WIDEST_STEP = 14;
    private static final int WIDTH = 1000;

    private final Run run;
    private final Durability durability;
    private final CrashState state;
    private final Map<FileId, String> names = new LinkedHashMap<>();
    private final double step;
    private final StringBuilder svg = new StringBuilder();

    RunPicture(Run run, Durability durability, CrashState state) {
        this.run = run;
        this.durability = durability;
        this.state = state;
        step = Math.min(WIDEST_STEP, (double) WIDTH / run.steps().size());
        names.put(run.start().root(), "the folder's entries");
        Map<FileId, String> known = names();
        for (Step each : run.steps()) {
            if (!each.file().equals(FileId.NONE)) {
                names.putIfAbsent(each.file(), known.getOrDefault(each.file(), each.file().toString()));
            }
        }
    }

    /** The first name of each file. */
    private Map<FileId, String> names() {
        Map<FileId, String> known = new HashMap<>();
        run.start().directories().values()
                .forEach(entries -> entries.forEach((name, file) -> known.put(file, name.toString())));
        for (Step each : run.steps()) {
            if (each instanceof Entries entries) {
                entries.edits().forEach((name, file) -> known.putIfAbsent(file, name.toString()));
            }
        }
        return known;
    }

    String svg() {
        int bottom = TOP + ROW * names.size();
        double width = x(run.steps().size()) + 20;
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\" font-family=\"sans-serif\" "
                + "font-size=\"12\">", width, bottom + 30);
        add("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
        add("<text x=\"4\" y=\"16\">Calls in time. Black: a change; orange: not durable yet; green: a sync; blue: "
                + "acknowledged; red: the power cut, and what it loses.</text>");
        int row = 0;
        for (Map.Entry<FileId, String> each : names.entrySet()) {
            int y = TOP + ROW * row++;
            add("<text x=\"4\" y=\"%d\">%s</text>", y + 15, escaped(each.getValue()));
            add("<line x1=\"%d\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#ddd\"/>", LEFT, width - 20, y + ROW,
                    y + ROW);
            file(each.getKey(), y);
        }
        for (Run.Ack ack : run.acks()) {
            double x = x(cut(ack));
            add("<path d=\"M%.1f %d l-4 -8 h8 z\" fill=\"#06c\"><title>acknowledged: %s</title></path>", x, TOP - 2,
                    escaped(ack.value().toString()));
        }
        add("<line x1=\"%1$.1f\" x2=\"%1$.1f\" y1=\"%2$d\" y2=\"%3$d\" stroke=\"red\" stroke-width=\"2\"/>",
                x(state.cut()), TOP - 14, bottom);
        add("<text x=\"%.1f\" y=\"%d\" fill=\"red\" text-anchor=\"middle\">power cut</text>", x(state.cut()),
                bottom + 16);
        return svg.append("</svg>\n").toString();
    }

    private void file(FileId file, int y) {
        for (int i = 0; i < run.steps().size(); i++) {
            Step each = run.steps().get(i);
            if (each instanceof Change && each.file().equals(file)) {
                bar(i, y);
            }
        }
        for (int i = 0; i < run.steps().size(); i++) {
            Step each = run.steps().get(i);
            if (concerns(each, file)) {
                boolean lost = state.missing().get(i) || state.damaged() == i;
                add("<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"><title>%s</title></rect>",
                        x(i), y + 3, Math.max(step / 3, 1), ROW - 6,
                        each instanceof Sync ? "#080" : lost ? "red" : "black", title(i));
            }
        }
    }

    private static boolean concerns(Step step, FileId file) {
        return step.file().equals(file) || (step instanceof Sync sync && sync.scope() == Sync.Scope.EVERYTHING);
    }

    private void bar(int change, int y) {
        int end = Math.min(durability.durableAfter(change), run.steps().size());
        add("<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"orange\" fill-opacity=\"0.35\"/>", x(change),
                y + 6, x(end) - x(change), ROW - 12);
    }

    private int cut(Run.Ack ack) {
        int cut = 0;
        while (cut < run.steps().size() && run.steps().get(cut).call() < ack.operations()) {
            cut++;
        }
        return cut;
    }

    private double x(int steps) {
        return LEFT + steps * step;
    }

    private String title(int each) {
        return escaped(OperationText.of(run.operation(each), run.folder()) + " "
                + OperationText.line(run.operation(each)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                .replaceAll("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]", "?");
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
    private void add(String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
