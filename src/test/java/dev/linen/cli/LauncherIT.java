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
import java.util.Random;
import java.util.zip.CRC32;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.testing.Skip;

/** The command line as a user types it, with the jar that was just built. */
class LauncherIT {

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
}
