package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.testing.Code;
import dev.linen.testing.Skip;

/** {@code ./linen shell} as a user types it, with the jar that was just built. */
class ShellIT {

    /** The arguments of asm() for a function that returns its argument. */
    private static final String IDENTITY = Arrays.stream(Code.identity()).mapToObj(Integer::toString)
            .collect(Collectors.joining(", "));

    private static final String LINEN = Path.of("linen").toAbsolutePath().toString();

    @TempDir
    private Path folder = Path.of("");

    private static Command shell(String... options) {
        List<String> words = new ArrayList<>(List.of(LINEN, "shell"));
        words.addAll(Arrays.asList(options));
        return Command.of(words.toArray(String[]::new));
    }

    @Test
    void shell_pipedCommands_haveTheLibraryAtHand() throws IOException, InterruptedException {
        assertEquals(0,
                Command.of("cc", "-shared", "-fPIC", "-nostdlib", "-o", folder + "/collatz.so", "examples/collatz.c")
                        .run()
                        .exitStatus());
        Path commands = Files.writeString(folder.resolve("commands"), """
                System.out.println(Linen.isSupported())
                System.out.println(Syscall.invoke(SyscallNumber.GETPID) == ProcessHandle.current().pid())
                var library = SymbolLookup.libraryLookup(Path.of("%s/collatz.so"), Arena.global())
                var collatz = NativeFunction.ofSymbol(library, "entry")
                try (NativeThread thread = NativeThread.start(collatz, 27)) {
                    System.out.println(thread.join());
                }
                var strlen = NativeFunction.ofSymbol(Linker.nativeLinker().defaultLookup(), "strlen")
                try (Arena arena = Arena.ofConfined();
                        var thread = NativeThread.start(strlen, arena.allocateFrom("linen"))) {
                    System.out.println(thread.join());
                }
                System.out.println(Futex.class + " " + Mapping.class + " " + Duration.ofMillis(1) + " " + List.of())
                /exit 3
                """.formatted(folder));
        // Java 24 and newer must be told to refuse native access that isn't granted; older ones always refuse it.
        String refusal = Runtime.version().feature() >= 24 ? "-R--illegal-native-access=deny" : "-R-ea";
        Command.Result ended = shell(refusal, "-s", "-").input(commands.toFile()).run();
        assertEquals(3, ended.exitStatus(), ended::toString);
        assertEquals("true\ntrue\n111\n5\nclass dev.linen.futex.Futex class dev.linen.memory.Mapping PT0.001S []\n",
                ended.out(), ended::toString);
    }

    @Test
    void shell_typedCommands_showTheirValues() throws IOException, InterruptedException {
        Path commands = Files.writeString(folder.resolve("commands"), "1 + SyscallNumber.READ\n");
        Command.Result ended = shell().input(commands.toFile()).run();
        assertTrue(ended.out().contains("$1 ==> 1\n"), ended::toString);
    }

    @Test
    void shell_helpersGotNonsense_sayWhatWouldBeRight() throws IOException, InterruptedException {
        Path commands = Files.writeString(folder.resolve("commands"), """
                sys("getpit")
                sys("read", 0, 'a')
                sys("read", 1, 2, 3, 4, 5, 6, 7)
                hexdump(8, 4)
                c("int x;")
                var crashed = run(c("long f(long *p) { return *p; }"), 0)
                run(c("long f(long x) { if (x) { return 1; } return 2; }"), 0)
                """);
        Command.Result ended = shell().input(commands.toFile()).run();
        for (String message : List.of("there is no system call getpit on this CPU",
                "an argument must be a number, a MemorySegment or a String, not Character",
                "a system call has at most 6 arguments, not 7", "that memory can't be read\n",
                "a function in this text", "null-pointer: NULL was read", "crashed ==> null\n", "f(0) = 2\n")) {
            assertTrue(ended.out().contains(message), () -> message + " isn't in " + ended);
        }
        assertTrue(ended.out().indexOf('\u001b') < 0, ended::toString);
    }

    /** The words of help() that are followed by a parenthesis, except those that show a use of the library itself. */
    private static Set<String> helpers(String help) {
        return Pattern.compile("(?<![.\\w])([a-z]\\w*)\\(").matcher(help).results().map(match -> match.group(1))
                .filter(name -> !name.equals("f")).collect(Collectors.toCollection(TreeSet::new));
    }

    /** In a terminal of 80 columns, each line in colours. */
    @Test
    void shell_helpersThatHelpNames_workAtATerminal() throws IOException, InterruptedException {
        Map<String, String> uses = new TreeMap<>(Map.of("maps", "maps()", "c",
                "var crash = c(\"long f(long *p) { return p[3]; }\")", "run",
                "run(crash, 0)", "asm", "var identity = asm(" + IDENTITY + ")", "sys", "sys(\"close\", -1)",
                "sketch", "sketch(NativeThread.start(identity, 7))", "hexdump",
                "hexdump(Mapping.anonymous(16).segment())"));
        Map<String, String> results = Map.of("maps", "-[0-9a-f]{12} +[0-9.]+ .iB r-xp file text .*libjvm\\.so", "c",
                "which ran f, ", "run", "cause     null-pointer: NULL \\+ 0x18 was read", "asm",
                "0x[0-9a-f]+\\(12\\) = 12", "sys",
                "close\\(-1\\) = -9 \\(EBADF: Bad file descriptor\\)", "sketch", "│ argument  0x7 ", "hexdump",
                " 00 00 00 \\|\\.{16}\\|");
        Path commands = Files.write(folder.resolve("commands"), List.of("help()", uses.get("c"), uses.get("asm"),
                uses.get("run"), "run(identity, 12)", uses.get("sys"), uses.get("sketch"), uses.get("hexdump"),
                uses.get("maps"), "/exit"));
        String shell = "stty cols 80; '" + LINEN + "' shell '" + commands + "'";
        Skip.unless(Files.isExecutable(Path.of("/usr/bin/script")), "there is no script(1) to make a terminal");
        Command.Result ended = Command.of("script", "-qec", shell, "/dev/null").run();
        assertEquals(0, ended.exitStatus(), ended::toString);
        String plain = ended.out().replaceAll("\u001b\\[[0-9;?]*[a-zA-Z]", "").replace("\r", "");
        String help = plain.substring(plain.indexOf("helpers\n"), plain.indexOf("see docs/tour.jsh"));
        assertEquals(uses.keySet(), helpers(help), plain);
        results.forEach((helper, result) -> assertTrue(Pattern.compile(result).matcher(plain).find(),
                () -> helper + ": " + result + " isn't in\n" + plain));
        assertTrue(ended.out().contains("\u001b[31mcause  "), ended::toString);
        assertEquals(List.of(), plain.lines().filter(line -> line.length() > 80).toList());
    }

    @Test
    void shell_atATerminal_hasColours() throws IOException, InterruptedException {
        Path commands = Files.writeString(folder.resolve("commands"), """
                maps()
                NativeThread thread = NativeThread.start(asm(%s), 0)
                sketch(thread)
                thread.close()
                """.formatted(IDENTITY));
        Command.Result ended = shell("-R-Dlinen.terminal=true", "-s").input(commands.toFile()).run();
        assertTrue(ended.out().contains("\u001b[31m"), ended::toString);
        assertTrue(ended.out().contains("\u001b[32m               │ stack "), ended::toString);
    }
}
