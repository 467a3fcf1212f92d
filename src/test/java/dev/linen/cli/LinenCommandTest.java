package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.Linen;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.Skip;

class LinenCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String... arguments) {
        return LinenCommand.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
    }

    @Test
    void linen_noArguments_helpsOnStderr() {
        assertEquals(2, execute());
        assertEquals("", out.toString());
        assertTrue(err.toString().startsWith("Usage: linen "), err::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "run", "doctor", "maps", "calls", "powercut", "shell", "bench"})
    void linen_help_helpsOnStdout(String command) {
        assertEquals(0, command.isEmpty() ? execute("--help") : execute(command, "--help"));
        assertTrue(out.toString().startsWith("Usage: linen " + command), out::toString);
        assertEquals("", err.toString());
    }

    /** Picocli wraps the texts. A text that was also wrapped by hand would leave lines of a word or two. */
    @ParameterizedTest
    @ValueSource(strings = {"", "run", "doctor", "maps", "calls", "powercut", "shell", "bench"})
    void linen_help_fills80ColumnsAndNoMore(String command) {
        assertEquals(0, command.isEmpty() ? execute("--help") : execute(command, "--help"));
        String previous = "";
        for (String line : out.toString().lines().toList()) {
            assertTrue(line.length() <= 80, line);
            boolean goesOn = !line.startsWith(" ") && !previous.isEmpty() && !previous.startsWith(" ")
                    && !previous.matches(".*[.:]") && !previous.startsWith("Usage: ");
            assertTrue(!goesOn || previous.length() + 1 + line.split(" ", 2)[0].length() >= 80, previous + "\n" + line);
            previous = line;
        }
    }

    @Test
    void linen_version_isTheModules() {
        Skip.unless(Linen.class.getModule().isNamed(), "linen is on the class path");
        assertEquals(0, execute("--version"));
        assertTrue(out.toString().matches("linen \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?\\R"), out::toString);
    }

    @Test
    void linen_versionOnTheClassPath_isUnknown() {
        ChildJvm.Result result = ChildJvm.of(LinenCommand.class).onClassPath().run("--version");
        assertEquals("0 linen of an unknown version\n", result.exitStatus() + " " + result.out(), result::toString);
    }

    @Test
    void linen_unknownCommand_isOneLine() {
        assertEquals(2, execute("rnu"));
        assertEquals("linen: there is no command rnu; did you mean run? (see linen --help)", err.toString().strip());
    }

    @ParameterizedTest
    @CsvSource({"rn, run", "runn, run", "urn, run", "map, maps", "docter, doctor", "shel, shell", "Bench, bench"})
    void linen_nearlyACommand_namesIt(String typed, String meant) {
        assertEquals(2, execute(typed, "x"));
        assertEquals("linen: there is no command " + typed + "; did you mean " + meant + "? (see linen --help)",
                err.toString().strip());
    }

    @ParameterizedTest
    @CsvSource({"--knd, --kind", "--kindd, --kind", "--timeuot, --timeout", "--Map, --map", "--reslt=int, --result",
            "--jsn, --json"})
    void run_nearlyAnOption_namesIt(String typed, String meant) {
        assertEquals(2, execute("run", "x.c", typed));
        assertEquals("linen run: Unknown option: '" + typed + "'; did you mean " + meant + "? (see linen run --help)",
                err.toString().strip());
    }

    @Test
    void linen_nearlyHelp_namesIt() {
        assertEquals(2, execute("--hlep"));
        assertEquals("linen: Unknown option: '--hlep'; did you mean --help? (see linen --help)",
                err.toString().strip());
    }

    /** Each option of one letter would be near. */
    @Test
    void maps_unknownLetter_namesNone() {
        assertEquals(2, execute("maps", "-x"));
        assertEquals("linen maps: Unknown option: '-x' (see linen maps --help)", err.toString().strip());
    }

    @Test
    void linen_nothingLikeACommand_isOneLine() {
        assertEquals(2, execute("frobnicate", "--x"));
        assertEquals("linen: there is no command frobnicate (see linen --help)", err.toString().strip());
    }

    @Test
    void markNegativeNumbers_optionsAndNumbers_marksTheNumbers() {
        assertArrayEquals(new String[]{" -5", " -0x1", " -2.5e-3", " -.5", "-h", "--map", "5", "a-5", "-O3"},
                LinenCommand.markNegativeNumbers("-5", "-0x1", "-2.5e-3", "-.5", "-h", "--map", "5", "a-5", "-O3"));
    }

    @Test
    void markNegativeNumbers_ofARecordedProgram_stayAsTheyAre() {
        assertArrayEquals(new String[]{"powercut", "--record", "x", "java", "Main", "-5"},
                LinenCommand.markNegativeNumbers("powercut", "--record", "x", "java", "Main", "-5"));
    }
}
