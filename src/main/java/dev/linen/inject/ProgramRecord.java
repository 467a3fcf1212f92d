package dev.linen.inject;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

import dev.linen.inject.RuleSlot.Content;

/**
 * A record of a whole JVM, in files: what happened in a folder, and what was written to the standard output. Whatever
 * ends the JVM, even SIGKILL, leaves the record behind.
 *
 * <p>{@link #begin} starts it, in that JVM; {@link #read} reads it afterwards, in another one.
 *
 * @param folder the folder, as a real path
 * @param program the main class and the arguments
 * @param operations what happened in the folder, in order
 * @param output what was written to the standard output, in the same order
 * @param lost how many calls came after the end of this record, because there was no room for them
 * @param cut whether the JVM ended while a call was made for it, which may have had an effect without being here
 */
public record ProgramRecord(Path folder, String program, List<Operation> operations, List<Output> output, long lost,
        boolean cut) {

    /** What is in the files, and how; another version of linen may write them otherwise. */
    private static final String FORMAT = "1";

    private static final int STANDARD_OUTPUT = 1;

    /** It makes the begin of a record known, and is written last. */
    private static final String ABOUT = "about";

    private static final String STACKS = "stacks";

    /** Copies the lists. */
    public ProgramRecord {
        operations = List.copyOf(operations);
        output = List.copyOf(output);
    }

    /**
     * Bytes that were written to the standard output, or were about to be.
     *
     * @param operations how many operations came before
     * @param bytes the bytes
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares these
    public record Output(int operations, byte[] bytes) {}

    /**
     * Starts to record this JVM. It can't be ended.
     *
     * @param folder an existing folder
     * @param into an empty folder for the files, which isn't in the other one
     * @throws IOException if a file can't be written
     * @throws IllegalArgumentException if there is no such folder
     * @throws IllegalStateException if something was recorded before, or system calls were failed
     * @throws InjectionUnavailableException if system calls can't be supervised in this process
     */
    public static void begin(Path folder, Path into) throws IOException {
        Path real = Recording.requireFolder(folder);
        StackFile file = new StackFile(into.resolve(STACKS));
        Supervisor supervisor = Supervisor.get(new RecordFiles(into));
        supervisor.openLog();
        JavaStacks stacks = JavaStacks.of(supervisor);
        stacks.keepIn(file);
        stacks.begin();
        RuleSlot changes = RuleSlot.take(supervisor, Content.recording(CallKind.changes(), real, /* stack */ true));
        RuleSlot output = RuleSlot.take(supervisor, Content.output(STANDARD_OUTPUT));
        changes.enable();
        output.enable();
        Properties about = new Properties();
        about.setProperty("format", FORMAT);
        about.setProperty("folder", real.toUri().toString()); // its bytes, whatever the locale is
        about.setProperty("program", System.getProperty("sun.java.command", ""));
        about.setProperty("device", Long.toString(FileId.of(real).device()));
        about.setProperty("changes", Long.toString(changes.bit()));
        about.setProperty("output", Long.toString(output.bit()));
        Path draft = into.resolve(ABOUT + ".tmp");
        try (Writer writer = Files.newBufferedWriter(draft)) {
            about.store(writer, null);
        }
        Files.move(draft, into.resolve(ABOUT), StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Reads a record after the JVM has ended.
     *
     * @param from the folder of the files
     * @return the record; empty if none was begun there
     * @throws IOException if the files can't be read, or are of another version of linen
     */
    public static Optional<ProgramRecord> read(Path from) throws IOException {
        if (!Files.exists(from.resolve(ABOUT))) {
            return Optional.empty();
        }
        Properties about = new Properties();
        try (Reader reader = Files.newBufferedReader(from.resolve(ABOUT))) {
            about.load(reader);
        }
        if (!FORMAT.equals(about.getProperty("format"))) {
            throw new IOException(from + " was written by another version of linen: read it with that one");
        }
        Map<Long, List<StackTraceElement>> stacks = StackFile.read(from.resolve(STACKS));
        RecordFiles.Content content = new RecordFiles(from).read();
        List<Operation> operations = new ArrayList<>();
        List<Output> output = new ArrayList<>();
        LogReader.of(content.log(), content.head(), token -> stacks.getOrDefault(token, List.of())).read(
                number(about, "changes"), number(about, "device"), operations, number(about, "output"),
                (position, bytes) -> output.add(new Output(position, bytes)));
        return Optional
                .of(new ProgramRecord(Path.of(URI.create(about.getProperty("folder"))), about.getProperty("program"),
                        operations, output,
                        content.lost(), content.performing()));
    }

    private static long number(Properties about, String name) {
        return Long.parseLong(about.getProperty(name));
    }
}
