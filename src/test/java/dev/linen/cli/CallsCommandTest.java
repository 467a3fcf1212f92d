package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CallsCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String... arguments) {
        return LinenCommand.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
    }

    @ParameterizedTest
    @CsvSource({"x86_64, 386, 361, 8, 17", "aarch64, 328, 322, 4, 2"})
    void calls_ofACpu_areAllWithTheirSum(String cpu, int all, int named, int refused, int withoutEntryPoint) {
        assertEquals(0, execute("calls", "--cpu", cpu));
        String text = out.toString();
        assertTrue(
                text.endsWith("\n\n%d calls: %d by name in Linux, %d refused, %d without entry point\n".formatted(all,
                        named, refused, withoutEntryPoint)),
                text);
        assertEquals(all, text.lines().filter(line -> line.matches(" *\\d+  .*")).count(), text);
        assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"openat", "257", "OPENAT"})
    void calls_nameOrNumber_isThatCall(String call) {
        assertEquals(0, execute("calls", "--cpu", "x86_64", call));
        assertTrue(out.toString().startsWith(
                "long openat(int dfd, const char *filename, int flags, mode_t mode)\n\nnumber     257 on x86_64, 56 on aarch64\n"),
                out::toString);
        assertTrue(out.toString().contains("in Java    Linux.openat(int, MemorySegment, int, int)\n"), out::toString);
        assertTrue(out.toString().contains(" O_CLOEXEC "), out::toString);
    }

    @Test
    void calls_carefulRefusedAndMissing_sayWhy() {
        assertEquals(0, execute("calls", "exit"));
        assertEquals(0, execute("calls", "fork"));
        assertEquals(0, execute("calls", "vserver"));
        assertTrue(out.toString().contains("careful    it ends this thread only"), out::toString);
        assertTrue(out.toString().contains("refused    returns twice"), out::toString);
        assertTrue(out.toString().contains("kernel     has no entry point: the result is ENOSYS"), out::toString);
    }

    @Test
    void calls_json_isAnArrayOrAnObject() {
        assertEquals(0, execute("calls", "--json", "--cpu", "x86_64"));
        JsonArray all = JsonParser.parseString(out.toString()).getAsJsonArray();
        assertEquals(386, all.size());
        out.getBuffer().setLength(0);
        assertEquals(0, execute("calls", "--json", "read"));
        JsonObject read = JsonParser.parseString(out.toString()).getAsJsonObject();
        assertEquals(63, read.get("aarch64").getAsInt());
        assertEquals(2, read.get("methods").getAsJsonArray().size());
    }

    @Test
    void calls_unknown_isOneLine() {
        assertEquals(2, execute("calls", "opneat"));
        assertEquals("linen calls: there is no system call opneat in Linux 7.3", err.toString().strip());
    }
}
