package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.testing.Code;
import dev.linen.testing.Skip;

/** The command line as a user types it, with the jar that was just built. */
class LauncherIT {

    /** The arguments of asm() for a function that returns its argument. */
    private static final String IDENTITY = Arrays.stream(Code.identity()).mapToObj(Integer::toString)
            .collect(Collectors.joining(", "));

    private static final String LINEN = Path.of("linen").toAbsolutePath().toString();
    private static final String COLLATZ = Path.of("examples/collatz.c").toAbsolutePath().toString();

    @TempDir
    private Path folder = Path.of("");

    private static Command linen(String... arguments) {
        return wrapped(List.of(), arguments);
    }

    private static Command wrapped(List<String> wrapper, String... arguments) {
        List<String> words = new ArrayList<>(wrapper);
        words.add(LINEN);
        words.addAll(Arrays.asList(arguments));
        return Command.of(words.toArray(String[]::new));
    }

    private static long result(Command linen) throws IOException, InterruptedException {
        Command.Result ended = linen.run();
        assertEquals(0, ended.exitStatus(), ended::toString);
        return JsonParser.parseString(ended.out()).getAsJsonObject().get("result").getAsLong();
    }

    private static void assertRefused(String line, Command linen) throws IOException, InterruptedException {
        Command.Result ended = linen.run();
        assertEquals(2, ended.exitStatus(), ended::toString);
        assertEquals(line, ended.err().strip());
        assertEquals("", ended.out());
    }

    @Test
    void run_collatz_showsResultAndNothingElse() throws IOException, InterruptedException {
        Command.Result ended = linen("run", COLLATZ, "27").run();
        assertEquals(0, ended.exitStatus(), ended::toString);
        assertEquals("", ended.err());
        assertTrue(ended.out().contains("\nresult    0x6f   signed 111   unsigned 111\n"), ended::toString);
    }

    @Test
    void powercut_program_isRecordedByTheJar() throws IOException, InterruptedException {
        Path program = Files.writeString(folder.resolve("Saver.java"), """
                public class Saver {
                    public static void main(String... arguments) throws Exception {
                        java.nio.file.Files.writeString(java.nio.file.Path.of("data", "x"), "saved");
                    }
                }
                """);
        Files.createDirectory(folder.resolve("data"));
        Command.Result ended = linen("powercut", "--record", "data",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), program.toString()).in(folder)
                .run();
        Skip.unless(!ended.err().contains("this JVM can't be recorded, so it ends: seccomp: "), ended.err());
        assertEquals(0, ended.exitStatus(), ended::toString);
        assertTrue(ended.err().contains("\n  not on the disk       write(x, 5 bytes at 0)  Saver.main(Saver.java:3)"),
                ended::toString);
    }

    @Test
    void run_fromAnotherFolderThroughALink_takesFilesFromThere() throws IOException, InterruptedException {
        Files.copy(Path.of(COLLATZ), folder.resolve("my collatz.c"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of(LINEN));
        assertEquals(8, result(Command.of(link.toString(), "run", "my collatz.c", "6", "--json").in(folder)));
        Files.delete(link); // JUnit would warn
    }

    @Test
    void run_negativeArgument_isNoOption() throws IOException, InterruptedException {
        String source = Files.writeString(folder.resolve("same.c"), "void *entry(void *a) { return a; }").toString();
        assertEquals(-5, result(linen("run", source, "-5", "--json")));
    }

    @Test
    void run_crc32OfAnEmptyFile_is0() throws IOException, InterruptedException {
        String empty = Files.createFile(folder.resolve("empty")).toString();
        assertEquals(0, result(linen("run", "examples/crc32.c", "--map", empty, "--json")));
    }

    @Test
    void run_crc32Of100Megabytes_equalsJavas() throws IOException, InterruptedException {
        Path large = Path.of("target", "hundred-megabytes");
        CRC32 expected = new CRC32();
        byte[] megabyte = new byte[1_000_000];
        Random random = new Random(1);
        try {
            try (OutputStream out = Files.newOutputStream(large)) {
                for (int i = 0; i < 100; i++) {
                    random.nextBytes(megabyte);
                    expected.update(megabyte);
                    out.write(megabyte);
                }
            }
            assertEquals(expected.getValue(),
                    result(linen("run", "examples/crc32.c", "--map", large.toString(), "--json")));
        } finally {
            Files.deleteIfExists(large);
        }
    }

    @Test
    void run_badInput_isOneLineAndStatus2() throws IOException, InterruptedException {
        assertRefused("linen run: there is no file none.c", linen("run", "none.c"));
        assertRefused("linen run: Unknown option: '--jsn'; did you mean --json? (see linen run --help)",
                linen("run", COLLATZ, "--jsn"));
    }

    @Test
    void run_unreadableFile_saysSo() throws IOException, InterruptedException {
        Path secret = Files.writeString(folder.resolve("secret.c"), "void *entry(void *a) { return a; }");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
        List<String> withoutPrivilege = List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search");
        List<String> wrapper = Files.isReadable(secret) ? withoutPrivilege : List.of(); // readable: this is root
        Skip.unless(!Files.isReadable(secret) || Command.of("setpriv", withoutPrivilege.get(1), "true").run()
                .exitStatus() == 0, "root can't drop its capability to read every file here");
        assertRefused("linen run: " + secret + " can't be read: permission denied",
                wrapped(wrapper, "run", secret.toString()));
        assertRefused("linen run: " + secret + " can't be mapped: openat(AT_FDCWD, \"" + secret
                + "\", O_RDONLY|O_CLOEXEC|O_NONBLOCK) failed: EACCES (Permission denied)",
                wrapped(wrapper, "run", COLLATZ, "--map", secret.toString()));
    }

    @Test
    void run_compilerFromTheEnvironment_isUsed() throws IOException, InterruptedException {
        String source = Files.writeString(folder.resolve("n.c"), "void *entry(void *a) { return (void *)N; }")
                .toString();
        assertEquals(5, result(linen("run", source, "--json").with("CC", " cc  -DN=5 ")));
        assertEquals(111, result(linen("run", COLLATZ, "27", "--json").with("CC", "")));
        assertRefused("linen run: there is no C compiler (nocc -O3): on Debian, apt-get install gcc libc6-dev",
                linen("run", source).with("CC", "nocc -O3"));
    }

    @Test
    void run_asPid1_works() throws IOException, InterruptedException {
        List<String> wrapper = List.of("unshare", "-pf", "--mount-proc");
        Skip.unless(Command.of("unshare", "-pf", "--mount-proc", "true").run().exitStatus() == 0,
                "no PID namespace can be created here");
        assertEquals(111, result(wrapped(wrapper, "run", COLLATZ, "27", "--json")));
    }

    /** The command must fail with that mount option, or the test would test nothing. */
    @ParameterizedTest
    @CsvSource({"noexec, cp /bin/true . && ./true", "ro, touch file"})
    void run_restrictedTemporaryFolder_works(String option, String impossible)
            throws IOException, InterruptedException {
        String mount = "mount -t tmpfs -o " + option + " none '" + folder + "'";
        Skip.unless(Command.of("unshare", "-m", "sh", "-c", mount).run().exitStatus() == 0,
                "nothing can be mounted here");
        String script = mount + " && ! (cd '" + folder + "' && " + impossible + ") 2>/dev/null && exec \"$0\" \"$@\"";
        List<String> wrapper = List.of("unshare", "-m", "sh", "-c", script);
        assertEquals(111, result(wrapped(wrapper, "run", COLLATZ, "27", "--json").with("JAVA_TOOL_OPTIONS",
                "-Djava.io.tmpdir=" + folder)));
    }

    @Test
    void doctor_here_works() throws IOException, InterruptedException {
        Command.Result ended = linen("doctor").run();
        assertEquals(0, ended.exitStatus(), ended::toString);
        assertTrue(ended.out().endsWith("\nlinen works here.\n"), ended::toString);
    }

    @Test
    void maps_piped_hasNoColours() throws IOException, InterruptedException {
        Command.Result ended = linen("maps").run();
        assertEquals(0, ended.exitStatus(), ended::toString);
        assertTrue(ended.out().contains(" linen stack linen thread "), ended::toString);
        assertTrue(ended.out().indexOf('\u001b') < 0, ended::toString);
    }

    @Test
    void shell_pipedCommands_haveTheLibraryAtHand() throws IOException, InterruptedException {
        assertEquals(0, Command.of("cc", "-shared", "-fPIC", "-nostdlib", "-o", folder + "/collatz.so", COLLATZ).run()
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
        Command.Result ended = linen("shell", refusal, "-s", "-").input(commands.toFile()).run();
        assertEquals(3, ended.exitStatus(), ended::toString);
        assertEquals("true\ntrue\n111\n5\nclass dev.linen.futex.Futex class dev.linen.memory.Mapping PT0.001S []\n",
                ended.out(), ended::toString);
    }

    @Test
    void shell_typedCommands_showTheirValues() throws IOException, InterruptedException {
        Path commands = Files.writeString(folder.resolve("commands"), "1 + SyscallNumber.READ\n");
        Command.Result ended = linen("shell").input(commands.toFile()).run();
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
        Command.Result ended = linen("shell").input(commands.toFile()).run();
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
    void run_environmentChoosesACollector_givesWay() throws IOException, InterruptedException {
        for (String variable : List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")) {
            assertEquals(111, result(linen("run", COLLATZ, "27", "--json").with(variable, "-XX:+UseParallelGC")));
        }
    }

    @Test
    void run_atATerminal_showsTheCauseInColour() throws IOException, InterruptedException {
        Skip.unless(Files.isExecutable(Path.of("/usr/bin/script")), "there is no script(1) to make a terminal");
        Command.Result ended = Command.of("script", "-qec",
                "stty cols 80; '" + LINEN + "' run examples/crash.c 0x10", "/dev/null").run();
        assertEquals(3, ended.exitStatus(), ended::toString);
        assertTrue(ended.out().contains("\u001b[31mcause     null-pointer: NULL + 0x10 was read\u001b[39m"),
                ended::toString);
        String plain = ended.out().replaceAll("\u001b\\[[0-9;]*m", "").replace("\r", "");
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
        Command.Result ended = linen("shell", "-R-Dlinen.terminal=true", "-s").input(commands.toFile()).run();
        assertTrue(ended.out().contains("\u001b[31m"), ended::toString);
        assertTrue(ended.out().contains("\u001b[32m               │ stack "), ended::toString);
    }
}
