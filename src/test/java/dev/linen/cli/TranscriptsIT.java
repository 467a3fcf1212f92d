package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.linen.internal.linux.Machine;
import dev.linen.testing.Skip;

/**
 * The sessions in the documents, which begin with {@code $ ./linen} or {@code jshell>}: the command line prints that
 * today, except for what differs from run to run.
 */
class TranscriptsIT {

    private static final Pattern SESSION = Pattern.compile("```\n((?:\\$ \\./linen |jshell> ).*?)```", Pattern.DOTALL);
    private static final String COMMAND = "$ ";
    private static final String INPUT = "jshell> ";

    @TempDir
    private Path folder;

    record Session(Path document, List<String> lines) {

        @Override
        public String toString() {
            return document + ", " + lines.getFirst();
        }
    }

    static List<Session> sessions() throws IOException {
        try (Stream<Path> guides = Files.walk(Path.of("docs"))) {
            List<Session> sessions = new ArrayList<>();
            for (Path document : Stream.concat(Stream.of(Path.of("README.md")), guides.sorted())
                    .filter(path -> path.toString().endsWith(".md")).toList()) {
                SESSION.matcher(Files.readString(document)).results()
                        .forEach(found -> sessions.add(new Session(document, found.group(1).lines().toList())));
            }
            return sessions;
        }
    }

    /** Without addresses, tids, times, the bytes and sizes of compiled code, and the size of this CPU's registers. */
    private static List<String> withoutWhatDiffers(Stream<String> lines) {
        return lines.map(String::stripTrailing).filter(line -> !line.isEmpty())
                .map(line -> line.replaceAll("(?<![.\\w])(0x[0-9a-f]{12}|[0-9a-f]{12}|[0-9a-f]{16})\\b", "ADDRESS")
                        .replaceAll("(thread|tid +) ?\\d+", "$1 TID")
                        .replaceAll("time      [0-9.]+ ms", "time TIME")
                        .replaceAll("^bytes  .*", "bytes BYTES")
                        .replaceAll("\\+0x[0-9a-f]+ \\(", "+OFFSET (")
                        .replaceAll("signal    \\d+ KiB *│", "signal SIZE"))
                .toList();
    }

    @Test
    void sessions_ofRunFaultCallsAndShell_areFound() throws IOException {
        String found = sessions().toString();
        for (String command : List.of("README.md, $ ./linen run examples/collatz.c", "$ ./linen run examples/crash.c",
                "$ ./linen run libm.so.6", "$ ./linen calls", "$ ./linen maps", "jshell> help()")) {
            assertTrue(found.contains(command), () -> command + " isn't in " + found);
        }
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void session_runAgain_printsTheSame(Session session) throws IOException, InterruptedException {
        Skip.unless(Machine.THIS == Machine.X86_64, "the documents' sessions are of x86-64");
        assertEquals(List.of(), session.lines().stream().filter(line -> line.length() > 80).toList());
        String first = session.lines().getFirst();
        Command.Result ended = first.startsWith(COMMAND)
                ? shell(first.substring(COMMAND.length()))
                : jshell(session.lines().stream().filter(line -> line.startsWith(INPUT))
                        .map(line -> line.substring(INPUT.length())).toList());
        List<String> promised = withoutWhatDiffers(session.lines().stream()
                .filter(line -> !line.startsWith(COMMAND) && !line.startsWith(INPUT)));
        assertEquals(promised, withoutWhatDiffers(ended.out().lines()), ended::toString);
    }

    private static Command.Result shell(String command) throws IOException, InterruptedException {
        return Command.of("sh", "-c", command + " 2>&1").with("COLUMNS", "80").run();
    }

    /** What jshell prints after its greeting, without its prompts, and what it may echo. */
    private Command.Result jshell(List<String> inputs) throws IOException, InterruptedException {
        Path commands = Files.write(folder.resolve("commands"), inputs);
        Command.Result ended = Command.of("./linen", "shell").with("COLUMNS", "80").input(commands.toFile()).run();
        String printed = ended.out().substring(ended.out().indexOf(INPUT));
        for (String input : inputs) {
            printed = printed.replace(INPUT + input, INPUT);
        }
        printed = printed.replace(INPUT, "");
        return new Command.Result(ended.exitStatus(), printed, ended.err());
    }
}
