package dev.linen.cli.powercut;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import dev.linen.powercut.DiskModel;
import dev.linen.powercut.PowerCut;
import dev.linen.powercut.PowerCutReport;
import dev.linen.powercut.RecordedProgram;

/**
 * What power cuts lose of the programs that were recorded.
 *
 * @param text some lines of at most 80 columns
 * @param failed whether a state failed the check
 * @param complete whether the records reach to the ends of the programs
 */
public record ProgramReport(String text, boolean failed, boolean complete) {

    private static final int COLUMNS = 80;

    /** A row of a table, and where its second column begins: there a folded row goes on. */
    private static final Pattern TABLE = Pattern.compile("  .{20}  ");
    private static final String COLUMN = " ".repeat(24);

    /**
     * How states are made and judged.
     *
     * @param model what the file system promises
     * @param check the command that judges a state; null: none is made
     * @param states how many are made at most
     * @param seed which ones, if there are more
     * @param progress gets a line every few seconds
     */
    public record Settings(DiskModel model, @Nullable String check, long states, long seed,
            Consumer<String> progress) {}

    /**
     * Makes a report, of each JVM that changed something, and writes it to {@code report.txt}.
     *
     * @param ended how the program ended; empty if that isn't known, because the record was made before
     * @throws IOException if that isn't possible; the message is for the user
     */
    public static ProgramReport of(RecordFolder folder, String ended, Settings settings) throws IOException {
        List<RecordedProgram> programs = RecordedProgram.readAll(folder.path());
        if (programs.isEmpty()) {
            throw new IOException("no JVM recorded itself: the command started none, or one that is older than Java "
                    + "22, or without the variable JAVA_TOOL_OPTIONS; " + ended);
        }
        List<RecordedProgram> changing = programs.stream().filter(RecordedProgram::hasChanges).toList();
        if (changing.isEmpty()) {
            throw new IOException("no change was recorded: does the program write to " + folder.recorded() + "? "
                    + ended);
        }
        StringBuilder text = new StringBuilder();
        boolean failed = false;
        for (RecordedProgram program : changing) {
            text.append("%s%n  %,d calls in %s, %,d lines on the standard output%n".formatted(program.program(),
                    program.calls(), folder.recorded(), program.lines().size()));
            program.missing().forEach(each -> text.append("  not in the record: ").append(each).append('\n'));
            failed |= settings.check() == null
                    ? tell(program, settings, text)
                    : tryStates(program, settings.check(), folder, settings, text);
            Files.writeString(program.files().resolve("calls.txt"), program.calls(settings.model()));
            Files.writeString(program.files().resolve("run.svg"), program.picture(settings.model()));
            text.append("  the calls and a picture of them: ").append(RecordFolder.shown(program.files()))
                    .append("/calls.txt, run.svg\n");
        }
        if (changing.size() < programs.size()) {
            text.append(programs.size() - changing.size()).append(" more JVMs, which changed nothing there\n");
        }
        if (!ended.isEmpty()) {
            text.append(difference(changing.getLast(), folder)).append(ended).append('\n');
        }
        text.append("the record: ").append(folder.shown()).append('\n');
        String folded = folded(text.toString());
        Files.writeString(folder.path().resolve("report.txt"), folded);
        return new ProgramReport(folded, failed, changing.stream().allMatch(RecordedProgram::isComplete));
    }

    private static String difference(RecordedProgram last, RecordFolder folder) {
        try {
            return last.difference().map(name -> folder.recorded() + " isn't as the record has it, beginning with "
                    + name + ": another process changed it, or something that isn't seen did\n").orElse("");
        } catch (IOException | UncheckedIOException gone) {
            return folder.recorded() + " can't be compared with the record: " + gone + '\n';
        }
    }

    private static boolean tell(RecordedProgram program, Settings settings, StringBuilder text) {
        String lost = program.notDurable(settings.model());
        text.append(lost.isEmpty()
                ? "when it ended, all was on the disk"
                : "what a power cut at its end may have lost").append(" (model: ").append(settings.model()).append(")")
                .append(lost.isEmpty() ? "" : ":\n").append(lost).append('\n');
        return false;
    }

    private static boolean tryStates(RecordedProgram program, String command, RecordFolder folder, Settings settings,
            StringBuilder text) throws IOException {
        PowerCut<List<String>> powerCut = program.powerCut().model(settings.model()).atMost(settings.states())
                .seed(settings.seed()).keepUnder(folder.path().resolve("failing")).progress(settings.progress());
        StateCheck check = new StateCheck(command, folder.path());
        PowerCutReport report = powerCut.report(check::check);
        if (check.impossible().isPresent()) {
            throw new IOException("--check can't be run: " + check.impossible().get());
        }
        text.append(report).append('\n');
        return report.failing() > 0;
    }

    /** Folds lines that are too long: between the columns of a table, or at a blank. */
    static String folded(String text) {
        StringBuilder folded = new StringBuilder();
        for (String line : text.lines().toList()) {
            String indent = TABLE.matcher(line).lookingAt() ? COLUMN : " ".repeat(margin(line) + 4);
            String rest = line;
            while (rest.length() > COLUMNS) {
                int at = indent.equals(COLUMN) ? rest.lastIndexOf("  ", COLUMNS) : -1;
                at = at > indent.length() ? at : rest.lastIndexOf(' ', COLUMNS);
                at = at > indent.length() ? at : COLUMNS;
                folded.append(rest.substring(0, at).stripTrailing()).append('\n');
                rest = indent + rest.substring(at).strip();
            }
            folded.append(rest).append('\n');
        }
        return folded.toString();
    }

    private static int margin(String line) {
        return line.length() - line.stripLeading().length();
    }
}
