package dev.linen.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * A command and its result. Of the variables that change what the launcher does, its environment has only those that a
 * test sets.
 */
final class Command {

    /** As for a {@link dev.linen.junit.ChildJvm}. */
    private static final long TIMEOUT_SECONDS = Long.getLong("dev.linen.child.seconds", 300);
    private static final List<String> CLEARED = List.of("CC", "JAVA_HOME", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS", "COLUMNS");

    private final List<String> words;
    private final Map<String, String> environment = new HashMap<>();
    private Path folder = Path.of("").toAbsolutePath();
    private @Nullable File input;

    private Command(List<String> words) {
        this.words = words;
    }

    record Result(int exitStatus, String out, String err) {}

    static Command of(String... words) {
        return new Command(List.of(words));
    }

    List<String> words() {
        return words;
    }

    Command in(Path directory) {
        folder = directory;
        return this;
    }

    Command with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** The standard input; empty by default. */
    Command input(File file) {
        input = file;
        return this;
    }

    Result run() throws IOException, InterruptedException {
        return start().result();
    }

    /** The output goes to files: with pipes, a command that fills both could block for ever. */
    Running start() throws IOException {
        File out = File.createTempFile("command-", ".out");
        File err = File.createTempFile("command-", ".err");
        ProcessBuilder builder = new ProcessBuilder(words).directory(folder.toFile()).redirectOutput(out)
                .redirectError(err).redirectInput(Objects.requireNonNullElse(input, new File("/dev/null")));
        builder.environment().keySet().removeAll(CLEARED);
        builder.environment().putAll(environment);
        return new Running(builder.start(), out, err);
    }

    record Running(Process process, File out, File err) {

        Result result() throws IOException, InterruptedException {
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            Result result = new Result(process.exitValue(), Files.readString(out.toPath()),
                    Files.readString(err.toPath()));
            Files.delete(out.toPath());
            Files.delete(err.toPath());
            return result;
        }
    }
}
