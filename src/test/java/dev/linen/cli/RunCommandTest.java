package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

import dev.linen.testing.TestFunctions;

class RunCommandTest {

    private static final String IDENTITY = "void *entry(void *argument) { return argument; }";
    private static final String FUNCTIONS = TestFunctions.path("functions").toString();

    @TempDir
    private Path folder = Path.of("");

    private record Outcome(int exitStatus, String out, String err) {

        JsonObject json() {
            assertEquals(0, exitStatus, this::toString);
            assertEquals(1, out.lines().count(), this::toString);
            return JsonParser.parseString(out).getAsJsonObject();
        }
    }

    /** Runs {@code ./linen run} with these arguments. */
    private static Outcome run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine linen = LinenCommand.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        String[] all = new String[arguments.length + 1];
        all[0] = "run";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return new Outcome(linen.execute(LinenCommand.markNegativeNumbers(all)), out.toString(), err.toString());
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private static void assertRefused(String reason, String... arguments) {
        Outcome outcome = run(arguments);
        assertAll(() -> assertEquals(2, outcome.exitStatus()), () -> assertEquals("", outcome.out()),
                () -> assertEquals(1, outcome.err().lines().count(), outcome.err()),
                () -> assertTrue(outcome.err().startsWith("linen run: "), outcome.err()),
                () -> assertTrue(outcome.err().contains(reason), outcome.err()));
    }

    @Test
    void run_collatzOf27_takes111Steps() {
        assertEquals(111, run("examples/collatz.c", "27", "--json").json().get("result").getAsInt());
    }

    @Test
    void json_anyResult_hasTheseFieldsAndTypes() {
        Outcome outcome = run(FUNCTIONS, "--function", "identity", "0xfedcba9876543210", "--json");
        JsonObject json = outcome.json();
        assertEquals(
                List.of("function", "library", "tid", "handle", "result", "hex", "stackSize", "stackUsed", "nanos"),
                List.copyOf(json.keySet()));
        assertEquals("identity", json.get("function").getAsString());
        assertEquals(FUNCTIONS, json.get("library").getAsString());
        assertTrue(json.get("tid").getAsInt() > 1, outcome.out());
        assertTrue(json.get("handle").getAsString().matches("0x[0-9a-f]+8"), outcome.out());
        assertTrue(outcome.out().contains("\"result\":-81985529216486896,"), outcome.out()); // a number, all digits
        assertEquals("0xfedcba9876543210", json.get("hex").getAsString());
        assertEquals(2 << 20, json.get("stackSize").getAsInt());
        assertEquals(4096, json.get("stackUsed").getAsInt());
        assertTrue(json.get("nanos").getAsLong() > 0, outcome.out());
    }

    @ParameterizedTest
    @CsvSource({"9007199254740993, 9007199254740993, 0x20000000000001", "-1, -1, 0xffffffffffffffff",
            "18446744073709551615, -1, 0xffffffffffffffff",
            "-0x8000000000000000, -9223372036854775808, 0x8000000000000000"})
    void json_64Bits_areExact(String argument, String result, String hex) {
        Outcome outcome = run(FUNCTIONS, argument, "--function", "identity", "--json");
        assertTrue(outcome.out().contains("\"result\":" + result + ",\"hex\":\"" + hex + "\""), outcome::toString);
    }

    @Test
    void text_negativeResult_showsAllThreeFormsAndTheStack() throws IOException {
        Outcome outcome = run(file("identity.c", IDENTITY), "-1");
        String tid = outcome.out().replaceAll("(?s).*\ntid +([0-9]+)\n.*", "$1");
        assertAll(outcome.out(), () -> assertEquals(0, outcome.exitStatus()),
                () -> assertContains("result    0xffffffffffffffff   signed -1   unsigned 18446744073709551615\n",
                        outcome.out()),
                () -> assertContains("function  entry (" + folder + "/identity.c)\n", outcome.out()),
                () -> assertContains("stack     4096 of 2097152 bytes used\n", outcome.out()),
                () -> assertContains("│ canary    0xdeadbeef ", outcome.out()),
                () -> assertContains("│ argument  0xffffffffffffffff ", outcome.out()),
                () -> assertContains("│ result    0xffffffffffffffff ", outcome.out()),
                () -> assertTrue(outcome.out().matches("(?s).*0x[0-9a-f]+ff8  │ futex .*│  <- handle\n.*")),
                () -> assertTrue(Long.parseLong(tid) > 1));
    }

    private static void assertContains(String part, String whole) {
        assertTrue(whole.contains(part), () -> part + " isn't in\n" + whole);
    }

    @Test
    void run_noArgument_callsWithNull() {
        assertEquals(0, run(FUNCTIONS, "--function", "identity", "--json").json().get("result").getAsLong());
    }

    @Test
    void run_sourceNextToItsHeader_findsTheHeader() throws IOException {
        file("answer.h", "#define ANSWER 42\n");
        String source = file("includes.c", "#include \"answer.h\"\nvoid *entry(void *a) { return (void *)ANSWER; }");
        assertEquals(42, run(source, "--json").json().get("result").getAsLong());
    }

    @Test
    void run_twoSourcesAfterAnother_runsEachItsOwn() throws IOException {
        String one = file("one.c", "void *entry(void *a) { return (void *)1; }");
        String two = file("two.c", "void *entry(void *a) { return (void *)2; }");
        assertEquals(1, run(one, "--json").json().get("result").getAsLong());
        assertEquals(2, run(two, "--json").json().get("result").getAsLong());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 4095, 4096, 4097, 1_000_003})
    void run_crc32OfAFile_equalsJavas(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        Path data = Files.write(folder.resolve("data file"), content);
        CRC32 expected = new CRC32();
        expected.update(content);
        JsonObject json = run("examples/crc32.c", "--map", data.toString(), "--json").json();
        assertEquals(expected.getValue(), json.get("result").getAsLong());
    }

    @Test
    void run_fileThatIsNoCode_saysWhatItIs() throws IOException, InterruptedException {
        assertRefused("there is no file " + folder + "/none.c", folder + "/none.c");
        assertRefused(" is not a file", folder.toString());
        assertRefused(" is not a file", Files.createDirectory(folder.resolve("folder.c")).toString());
        assertRefused(" is not a file", fifo("fifo.c"));
        assertRefused(" is neither a C file ", file("script", "#!/bin/sh\nexit 0\n"));
        assertRefused(" is neither a C file ", file("empty.so", ""));
        assertRefused(" is neither a C file ", file("short.so", "\177ELF\2\1"));
    }

    @Test
    void run_libraryThatCantBeLoaded_saysWhy() throws IOException, InterruptedException {
        byte[] own = Files.readAllBytes(TestFunctions.path("functions"));
        int machine = ByteBuffer.wrap(own).order(ByteOrder.nativeOrder()).getShort(18);
        assertRefused(" is for another machine: 32 bit, LITTLE_ENDIAN, ELF machine 3, this JVM is 64 bit",
                elf("i386.so", 1, ByteOrder.LITTLE_ENDIAN, 3, 3));
        assertRefused(" is for another machine: 64 bit, BIG_ENDIAN, ELF machine 22, ",
                elf("s390.so", 2, ByteOrder.BIG_ENDIAN, 3, 22));
        assertRefused(" is not a shared library: ", elf("object.o", 2, ByteOrder.nativeOrder(), 1, machine));
        assertRefused(" is not a shared library: ", elf("program", 2, ByteOrder.nativeOrder(), 2, machine));
        assertRefused("/bin/true can't be loaded: ", "/bin/true");
    }

    /** Each of these would crash the JVM: the dynamic linker maps the missing parts and accesses them. */
    @ParameterizedTest
    @ValueSource(ints = {64, 100, 1000, 4096, 8192, 12_000})
    void run_libraryThatIsCutOff_saysSo(int bytes) throws IOException {
        byte[] whole = Files.readAllBytes(Path.of(FUNCTIONS));
        Path cut = Files.write(folder.resolve("cut.so"), Arrays.copyOf(whole, bytes));
        assertRefused("cut.so is cut off: it has " + bytes + " bytes instead of at least ", cut.toString());
    }

    /** Writes the first 64 bytes of an ELF file: its header. */
    private String elf(String name, int bits, ByteOrder order, int type, int machine) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(64).order(order);
        header.put(0, new byte[]{0x7f, 'E', 'L', 'F', (byte) bits, (byte) (order == ByteOrder.BIG_ENDIAN ? 2 : 1)});
        header.putShort(16, (short) type).putShort(18, (short) machine);
        return Files.write(folder.resolve(name), header.array()).toString();
    }

    private String fifo(String name) throws IOException, InterruptedException {
        String path = folder.resolve(name).toString();
        assertEquals(0, new ProcessBuilder("mkfifo", path).start().waitFor());
        return path;
    }

    @Test
    void run_sourceThatDoesntCompile_saysTheFirstError() throws IOException {
        String bad = file("bad.c", "void *entry(void *a) { return x; }\nint f(void) { return y; }\n");
        assertRefused("bad.c doesn't compile: " + bad + ":1:31: error: 'x' undeclared", bad);
        assertRefused("(and 1 more)", bad);
        assertRefused("error: nope.h: No such file", file("include.c", "#include \"nope.h\"\n"));
    }

    @Test
    void run_undefinedSymbol_namesIt() throws IOException {
        String source = file("undefined.c", "void *nowhere(void *);\nvoid *entry(void *a) { return nowhere(a); }\n");
        assertRefused("undefined.c was compiled, but can't be loaded: ", source);
        assertRefused("undefined symbol: nowhere", source);
    }

    @Test
    void run_noSuchFunction_saysSo() throws IOException {
        assertRefused("functions.so has no function entry; choose another one with --function", FUNCTIONS);
        assertRefused("empty.c has no function entry; ", file("empty.c", ""));
        assertRefused("has no function hidden; ",
                file("static.c",
                        "static void *hidden(void *a) { return a; }\nvoid *entry(void *a) { return hidden(a); }"),
                "--function", "hidden");
        assertRefused("has no function ; ", FUNCTIONS, "--function", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"int entry = 1;", "int entry[10];", "const int entry = 1;"})
    void run_functionThatIsData_saysSo(String declaration) throws IOException {
        assertRefused("can't be executed: it is data", file("data.c", declaration));
    }

    @Test
    void run_argumentThatIsNone_saysSo() {
        assertRefused("'18446744073709551616' has more than 64 bits", FUNCTIONS, "18446744073709551616");
        assertRefused("'-9223372036854775809' has more than 64 bits", FUNCTIONS, "-9223372036854775809");
        assertRefused("'+5' is not a number", FUNCTIONS, "+5");
        assertRefused("'-0x' is not a number", FUNCTIONS, "-0x");
        assertRefused("Unmatched argument at index 3: '2'", FUNCTIONS, "1", "2");
    }

    @Test
    void run_wrongOptions_saysSo() {
        assertRefused("Missing required parameter: 'FILE' (see linen run --help)");
        assertRefused("Unknown option: '--jsn' (see linen run --help)", FUNCTIONS, "--jsn");
        assertRefused("ARG and --map exclude each other: ", FUNCTIONS, "5", "--map", "README.md");
        assertRefused("Missing required parameter for option '--map'", FUNCTIONS, "--map");
    }

    @Test
    void run_fileThatCantBeMapped_saysWhy() throws IOException, InterruptedException {
        assertRefused("ENOENT", FUNCTIONS, "--function", "identity", "--map", folder + "/none");
        assertRefused("is a directory", FUNCTIONS, "--function", "identity", "--map", folder.toString());
        assertRefused("ESPIPE", FUNCTIONS, "--function", "identity", "--map", fifo("fifo"));
    }

    @Test
    void run_functionFaults_printsTheReportAndExitsWith3() {
        Outcome outcome = run("examples/crash.c", "0x10");
        assertEquals(3, outcome.exitStatus(), outcome::toString);
        for (String part : List.of("result    none, ended by SIGSEGV", "fault     null-pointer, as follows",
                "SIGSEGV (11), SEGV_MAPERR: address not mapped", "null-pointer: NULL + 0x10 was read", "registers",
                "rdi ",
                "backtrace", "#0 ")) {
            assertTrue(outcome.out().contains(part), () -> part + " in " + outcome);
        }
        assertTrue(outcome.out().contains("entry+0x") || outcome.out().contains("count+0x"), outcome::toString);
    }

    @Test
    void run_functionFaultsWithJson_hasFault() {
        Outcome outcome = run("examples/crash.c", "0x10", "--json");
        assertEquals(3, outcome.exitStatus(), outcome::toString);
        JsonObject object = JsonParser.parseString(outcome.out()).getAsJsonObject();
        JsonObject fault = object.getAsJsonObject("fault");
        assertEquals("SIGSEGV", fault.get("signal").getAsString());
        assertEquals("SEGV_MAPERR", fault.get("code").getAsString());
        assertEquals("0x10", fault.get("address").getAsString());
        assertEquals("null-pointer", fault.get("cause").getAsString());
        assertTrue(fault.get("function").getAsString().matches("(entry|count)\\+0x[0-9a-f]+"), outcome::toString);
        assertTrue(fault.getAsJsonObject("registers").get("rip").getAsString().startsWith("0x"));
        assertTrue(fault.getAsJsonArray("backtrace").size() >= 2);
        assertEquals(fault.get("function").getAsString() + " (" + fault.get("file").getAsString() + ")",
                fault.getAsJsonArray("backtrace").get(0).getAsString());
        assertTrue(!object.has("result") && !object.has("hex"), outcome::toString);
    }
}
