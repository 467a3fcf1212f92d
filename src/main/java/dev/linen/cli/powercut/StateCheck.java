package dev.linen.cli.powercut;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/**
 * The user's check of a state after a power cut: a command for the shell. Its standard input are the lines that were
 * acknowledged until then; those that came next are in the file that LINEN_NEXT names.
 */
final class StateCheck {

    /** Stands for the state's folder. Without it, that is the working directory. */
    private static final String FOLDER = "{}";

    /** The shell's, for a command that isn't there or can't be executed. */
    private static final List<Integer> NOT_RUN = List.of(126, 127);

    private static final int MOST_OUTPUT = 1 << 16;

    private final String command;
    private final Path acknowledged;
    private final Path next;
    private final Path output;
    private @Nullable String impossible;

    /** @param work a folder for the files that the command gets */
    StateCheck(String command, Path work) {
        this.command = command;
        acknowledged = work.resolve("acknowledged");
        next = work.resolve("next");
        output = work.resolve("output");
    }

    /** Throws an AssertionError if the command says that something is wrong with the state. */
    void check(Path state, List<String> acked, List<String> ackedNext) throws InterruptedException {
        if (impossible != null) {
            return; // the same again, for each state
        }
        try {
            Files.write(acknowledged, acked, StandardCharsets.ISO_8859_1); // each char is a byte
            Files.write(next, ackedNext.subList(acked.size(), ackedNext.size()), StandardCharsets.ISO_8859_1);
            ProcessBuilder builder = new ProcessBuilder("sh", "-c", command.replace(FOLDER, state.toString()))
                    .redirectInput(acknowledged.toFile()).redirectErrorStream(true).redirectOutput(output.toFile());
            if (!command.contains(FOLDER)) {
                builder.directory(state.toFile());
            }
            builder.environment().put("LINEN_NEXT", next.toString());
            int status = builder.start().waitFor();
            if (NOT_RUN.contains(status)) {
                impossible = printed().lines().findFirst().orElse("status " + status);
            } else if (status != 0) {
                throw new AssertionError("exit status " + status + "\n" + printed());
            }
        } catch (IOException failed) {
            impossible = failed.toString();
        }
    }

    private String printed() throws IOException {
        try (InputStream in = Files.newInputStream(output)) {
            return new String(in.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8);
        }
    }

    /** Why the command could not be run. */
    Optional<String> impossible() {
        return Optional.ofNullable(impossible);
    }
}
