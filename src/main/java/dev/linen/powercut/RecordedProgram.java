package dev.linen.powercut;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import dev.linen.inject.FileId;
import dev.linen.inject.ProgramRecord;
import dev.linen.inject.ProgramRecord.Output;
import dev.linen.powercut.CrashState.Damage;
import dev.linen.powercut.Step.Change;

/**
 * The record of a JVM, which {@link RecordingAgent} left behind. What the program acknowledged are the lines on its
 * standard output: a line that can be read there says that everything that came before has been done.
 */
public final class RecordedProgram {

    private final Path files;
    private final ProgramRecord record;
    private final List<String> lines = new ArrayList<>();
    private final Acks<List<String>> acks;
    private final Run run;
    private int position;
    private int acknowledged;

    private RecordedProgram(Path files, ProgramRecord record, Tree start) {
        this.files = files;
        this.record = record;
        acks = new Acks<>(() -> position);
        acks.now(new Lines(lines, 0)); // recovery must work before the first line, too
        addLines();
        run = Steps.of(record.folder(), start, record.operations(), acks.all());
    }

    /** The first lines of the output. There are many of these lists, so each is a view. */
    private static final class Lines extends AbstractList<String> {

        private final List<String> all;
        private final int size;

        Lines(List<String> all, int size) {
            this.all = all;
            this.size = size;
        }

        @Override
        public String get(int index) {
            return all.get(index);
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public String toString() {
            return size == 0 ? "no line yet" : "line " + size + ": " + text(all.get(size - 1));
        }
    }

    /** A line is kept as its bytes, which needn't be text: each is a char. */
    private static String text(String line) {
        return new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** A line is acknowledged by the write that completes it. */
    private void addLines() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (Output output : record.output()) {
            if (output.operations() != position) {
                acknowledge();
                position = output.operations();
            }
            for (byte each : output.bytes()) {
                if (each == '\n') {
                    lines.add(line.toString(StandardCharsets.ISO_8859_1));
                    line.reset();
                } else {
                    line.write(each);
                }
            }
        }
        acknowledge();
    }

    /** Lines with no operation between them are one acknowledgement. */
    private void acknowledge() {
        if (acknowledged < lines.size()) {
            acknowledged = lines.size();
            acks.now(new Lines(lines, acknowledged));
        }
    }

    /**
     * Reads the records of all JVMs of a command.
     *
     * @param records the folder that was the agent's argument
     * @return the records, in the order in which the JVMs began
     * @throws IOException if they can't be read, or a JVM refused to be recorded; the message has its reason
     */
    public static List<RecordedProgram> readAll(Path records) throws IOException {
        List<RecordedProgram> programs = new ArrayList<>();
        for (int number = 1;; number++) {
            Path own = records.resolve(RecordingAgent.JVM + number);
            if (!Files.isDirectory(own)) {
                return programs;
            }
            if (Files.exists(own.resolve(RecordingAgent.REFUSED))) {
                throw new IOException(Files.readString(own.resolve(RecordingAgent.REFUSED)));
            }
            Optional<ProgramRecord> record = ProgramRecord.read(own);
            if (record.isPresent()) {
                programs.add(new RecordedProgram(own, record.get(), StartFile.read(own.resolve(RecordingAgent.START))));
            }
        }
    }

    /**
     * Returns where the record is.
     *
     * @return the folder of its files
     */
    public Path files() {
        return files;
    }

    /**
     * Returns what ran in the JVM.
     *
     * @return the main class and the arguments
     */
    public String program() {
        return record.program();
    }

    /**
     * Returns how many calls were recorded.
     *
     * @return the calls on files in the folder, without those that close a file
     */
    public long calls() {
        return record.operations().stream().filter(OperationText::isShown).count();
    }

    /**
     * Returns whether a call changed something in the folder.
     *
     * @return false if there are no states to try
     */
    public boolean hasChanges() {
        return run.steps().stream().anyMatch(Change.class::isInstance);
    }

    /**
     * Returns what the program acknowledged.
     *
     * @return the complete lines on its standard output
     */
    public List<String> lines() {
        return lines.stream().map(RecordedProgram::text).toList();
    }

    /**
     * Returns the recorded run. What is acknowledged is the list of all lines so far.
     *
     * @return the run, to be verified
     * @throws IllegalStateException if it has no changes
     */
    public PowerCut<List<String>> powerCut() {
        return PowerCut.of(run);
    }

    /**
     * Returns which calls are missing in the record.
     *
     * @return a sentence for each kind
     */
    public List<String> missing() {
        List<String> missing = new ArrayList<>();
        if (record.lost() > 0) {
            missing.add("the last " + record.lost()
                    + " calls, for which the log had no room: make room on the disk, or "
                    + "make it larger, as with java -Ddev.linen.inject.logMiB=2048 in the command; or which came when a supervisor had ended");
        }
        if (record.cut()) {
            missing.add("maybe the very last call, during which the JVM ended");
        }
        return missing;
    }

    /**
     * Returns whether the record reaches to the end of the program.
     *
     * @return false if there was no room for its last calls
     */
    public boolean isComplete() {
        return record.lost() == 0;
    }

    /**
     * Returns what a power cut after the end of the program may have lost.
     *
     * @param model what the file system promises
     * @return a line for each file; none if all is durable
     */
    public String notDurable(DiskModel model) {
        CrashState end = missingAtTheEnd(model);
        Set<FileId> there = new HashSet<>();
        Tree tree = treeAtTheEnd();
        addFiles(tree, tree.root(), there);
        end.missing().stream().filter(change -> !there.contains(run.steps().get(change).file()))
                .forEach(end.missing()::clear);
        return text(model).notDurable(end);
    }

    /** What was removed is of no interest. */
    private static void addFiles(Tree tree, FileId directory, Set<FileId> there) {
        there.add(directory);
        for (FileId file : tree.entries(directory).values()) {
            if (tree.directories().containsKey(file)) {
                addFiles(tree, file, there);
            } else {
                there.add(file);
            }
        }
    }

    private Tree treeAtTheEnd() {
        CrashState all = new CrashState(run.steps().size(), new BitSet(), CrashState.NONE, Damage.NONE);
        return new Disk(run, Durability.of(run.steps(), DiskModel.KILL)).tree(all);
    }

    /**
     * Returns all calls in order, with marks: {@code +} is on the disk at the end, {@code -} may be missing.
     *
     * @param model what the file system promises
     * @return a line for each
     */
    public String calls(DiskModel model) {
        return text(model).calls(missingAtTheEnd(model));
    }

    /**
     * Returns a picture of the run: what was durable when, and what a power cut after its end loses.
     *
     * @param model what the file system promises
     * @return the picture, as SVG
     */
    public String picture(DiskModel model) {
        return new RunPicture(run, Durability.of(run.steps(), model), missingAtTheEnd(model)).svg();
    }

    private ReportText text(DiskModel model) {
        return new ReportText(run, Durability.of(run.steps(), model), Settings.defaults().withModel(model), 0, 0, 0);
    }

    private CrashState missingAtTheEnd(DiskModel model) {
        Durability durability = Durability.of(run.steps(), model);
        BitSet missing = new BitSet();
        for (int i = 0; i < run.steps().size(); i++) {
            missing.set(i, run.steps().get(i) instanceof Change && !durability.isDurable(i, run.steps().size()));
        }
        return new CrashState(run.steps().size(), missing, CrashState.NONE, Damage.NONE);
    }

    /**
     * Compares the folder as it is with what the record makes of it. They differ if another process changed it, or
     * something that isn't seen did. A record that ends before the program can't be compared.
     *
     * @return the first file that isn't as it should be; empty if there is none
     * @throws IOException if the folder can't be read
     */
    public Optional<String> difference() throws IOException {
        if (record.lost() > 0) {
            return Optional.empty();
        }
        Tree recorded = treeAtTheEnd();
        Tree found = Tree.read(record.folder());
        return difference("", recorded, recorded.root(), found, found.root());
    }

    private static Optional<String> difference(String path, Tree one, FileId inOne, Tree other, FileId inOther) {
        List<Path> names = new ArrayList<>(one.entries(inOne).keySet());
        other.entries(inOther).keySet().stream().filter(name -> !one.entries(inOne).containsKey(name))
                .forEach(names::add);
        for (Path name : names) {
            FileId first = one.entries(inOne).get(name);
            FileId second = other.entries(inOther).get(name);
            if (first == null || second == null || !Scratch.isSameFile(one, first, other, second)) {
                return Optional.of(path + name);
            }
            if (one.directories().containsKey(first)) {
                Optional<String> below = difference(path + name + "/", one, first, other, second);
                if (below.isPresent()) {
                    return below;
                }
            }
        }
        return Optional.empty();
    }
}
