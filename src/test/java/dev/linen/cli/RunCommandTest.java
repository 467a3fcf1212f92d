package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

import dev.linen.memory.Mapping;
import dev.linen.testing.Code;
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
        int used = json.get("stackUsed").getAsInt(); // maybe by an earlier thread of this process
        assertTrue(used > 0 && used % Mapping.pageSize() == 0, outcome.out());
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
                () -> assertTrue(outcome.out().matches("(?s).*\nstack     [0-9]+ of 2097152 bytes used\n.*")),
                () -> assertContains("│ canary    0xdeadbeef ", outcome.out()),
                () -> assertContains("│ argument  0xffffffffffffffff ", outcome.out()),
                () -> assertContains("│ result    0xffffffffffffffff ", outcome.out()),
                () -> assertTrue(outcome.out().matches("(?s).*0x[0-9a-f]+ff8 │ futex .*│ <- handle\n.*")),
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
        assertRefused("at most 6 whole numbers and 8 doubles", FUNCTIONS, "--function", "identity", "1", "2", "3", "4",
                "5", "6", "7");
    }

    @Test
    void run_wrongOptions_saysSo() {
        assertRefused("Missing required parameter: 'FILE' (see linen run --help)");
        assertRefused("Unknown option: '--jsn'; did you mean --json", FUNCTIONS, "--jsn");
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
                Code.argument() + " ",
                "backtrace", "#0 ")) {
            assertTrue(outcome.out().contains(part), () -> part + " in " + outcome);
        }
        assertTrue(outcome.out().contains("entry+0x") || outcome.out().contains("count+0x"), outcome::toString);
    }

    @Test
    void run_longCause_fitsInto80Columns() throws IOException {
        Outcome outcome = run(file("malloc.c",
                "void *malloc(unsigned long);\nvoid *entry(void *a) { return malloc(100); }\n"));
        assertEquals(RunCommand.FAULTED, outcome.exitStatus(), outcome::toString);
        String cause = "cause     libc-tls: it needs libc's thread-local storage (malloc, errno, locale,\n"
                + "          stdio, __thread): run it as Kind.POSIX; ";
        assertContains(cause, outcome.out());
        assertEquals(List.of(), outcome.out().lines().filter(line -> line.length() > 80).toList());
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
        assertTrue(fault.getAsJsonObject("registers").get(Code.programCounter()).getAsString().startsWith("0x"));
        assertTrue(fault.getAsJsonArray("backtrace").size() >= 2);
        assertEquals(fault.get("function").getAsString() + " (" + fault.get("file").getAsString() + ")",
                fault.getAsJsonArray("backtrace").get(0).getAsString());
        assertTrue(!object.has("result") && !object.has("hex"), outcome::toString);
    }

    private static final String SHAPES = """
            double mean(double a, double b) { return (a + b) / 2; }
            long weigh(long a, long b, long c, long d, long e, long f) { return a+2*b+3*c+4*d+5*e+6*f; }
            double mixed(long a, double x, int b, double y) { return a * x + b * y; }
            double eight(double a, double b, double c, double d, double e, double f, double g, double h) {
                return a+2*b+3*c+4*d+5*e+6*f+7*g+8*h;
            }
            int minus(int a) { return -a; }
            double one(void) { return 1.0; }
            long bits(double x) { long l; __builtin_memcpy(&l, &x, 8); return l; }
            long at(long *p, long i) { return p[i]; }
            """;

    @ParameterizedTest
    @CsvSource({"mean, double, 1.0 2.5, 1.75, 0x3ffc000000000000", "weigh, long, 1 2 3 4 5 6, 91, 0x5b",
            "mixed, double, 3 0.5 -2 1e1, -18.5, 0xc032800000000000",
            "eight, double, 1. 2. 3. 4. 5. 6. 7. 8., 204.0, 0x4069800000000000",
            "minus, int, 5, -5, 0xfffffffb", "one, double, '', 1.0, 0x3ff0000000000000",
            "bits, long, -.5, -4620693217682128896, 0xbfe0000000000000"})
    void run_functionOfAnyShape_getsItsArgumentsAndResult(String function, String type, String arguments, String result,
            String hex) throws IOException {
        List<String> all = new ArrayList<>(List.of(file("shapes.c", SHAPES), "--function", function, "--result", type,
                "--json", "--"));
        all.addAll(Arrays.stream(arguments.split(" ")).filter(each -> !each.isEmpty()).toList());
        Outcome outcome = run(all.toArray(String[]::new));
        assertEquals(0, outcome.exitStatus(), outcome::toString);
        assertContains("\"result\":" + result + ",\"hex\":\"" + hex + "\"", outcome.out());
    }

    @Test
    void run_otherResultTypes_areShownAsSuch() throws IOException {
        String shapes = file("shapes.c", SHAPES);
        assertContains("\nresult    0x3fe0000000000000   double 0.5\n",
                run(shapes, "--function", "mean", "--result", "double", "0.0", "1.0").out());
        assertContains("\nresult    0xfffffffb   signed -5   unsigned 4294967291\n",
                run(shapes, "--function", "minus", "--result", "int", "5").out());
        String infinite = run(shapes, "--function", "mean", "--result", "double", "--json", "1e999", "1.0").out();
        assertContains("\"result\":\"Infinity\"", infinite);
        assertRefused("expected one of [INT, LONG, DOUBLE] (case-insensitive) but was 'float'", shapes, "--result",
                "float");
    }

    @Test
    void run_severalArgumentsAndAFault_namesTheFunction() throws IOException {
        Outcome outcome = run(file("shapes.c", SHAPES), "--function", "at", "0", "2");
        assertEquals(RunCommand.FAULTED, outcome.exitStatus());
        assertContains("cause     null-pointer: NULL + 0x10 was read\n", outcome.out());
        assertContains("  #0 ", outcome.out());
        assertContains("at+0x", outcome.out());
    }

    @Test
    void run_flags_reachTheCompiler() throws IOException {
        String source = file("flags.c",
                "double cos(double);\ndouble entry(double x) { return ONE + cos(x); }\n#ifndef __OPTIMIZE__\n#error slow\n#endif\n");
        Outcome outcome = run(source, "-O3", "-lm", "-DONE=1", "-std=c11", "--result", "double", "--json", "--", "0.0");
        assertEquals(2.0, outcome.json().get("result").getAsDouble());
        assertRefused("flags.c doesn't compile", source, "-O0", "-DONE=1", "0.0");
        assertRefused("-O3: flags are for the compiler, but " + FUNCTIONS + " is a shared library", FUNCTIONS, "-O3");
    }

    @Test
    void run_posix_mayUseMalloc() throws IOException {
        String source = file("malloc.c",
                "void *malloc(unsigned long); void free(void *);\nlong entry(long n) { char *p = malloc(n); p[0] = 1; long r = p[0]; free(p); return r; }\n");
        assertEquals(1, run(source, "--kind", "posix", "--json", "100").json().get("result").getAsLong());
        assertEquals(RunCommand.FAULTED, run(source, "100").exitStatus());
        assertRefused("expected one of [CLONE, POSIX]", source, "--kind", "green");
    }

    @Test
    void run_longerThanItsTimeout_isKilled() throws IOException {
        String endless = file("endless.c", "void *entry(void *a) { for (;;) __asm__ volatile(\"\"); }");
        Outcome outcome = run(endless, "--timeout", "10ms");
        assertEquals(RunCommand.TIMED_OUT, outcome.exitStatus());
        assertContains("\nresult    none after 10 ms: killed\n", outcome.out());
        Outcome json = run(endless, "--timeout", "10ms", "--json");
        assertContains("\"timeoutMillis\":10,\"killed\":true", json.out());
        assertEquals(0, run(FUNCTIONS, "--function", "identity", "--timeout", "5s").exitStatus());
        assertRefused("'5x' is not a time: 500ms, 5s, or 2m", endless, "--timeout", "5x");
    }

    /** The thread can't be killed, because libc's locks would stay locked. It waits, so that the test can end it. */
    @Test
    void run_posixLongerThanItsTimeout_isLeft() throws IOException {
        String waits = file("waits.c",
                "long entry(volatile int *go) { while (!*go); return 0; }");
        MemorySegment go = Arena.global().allocate(ValueLayout.JAVA_INT);
        Outcome outcome = run(waits, "--kind", "posix", "--timeout", "10ms", "" + go.address());
        go.set(ValueLayout.JAVA_INT, 0, 1);
        assertEquals(RunCommand.TIMED_OUT, outcome.exitStatus());
        assertContains("\nresult    none after 10 ms: it still runs, and can't be killed\n", outcome.out());
    }

    @Test
    void run_libraryByItsName_isFoundAsTheDynamicLinkerDoes() {
        Outcome outcome = run("libm.so.6", "--function", "ldexp", "--result", "double", "--json", "--", "1.5", "4");
        assertEquals(24.0, outcome.json().get("result").getAsDouble());
        assertRefused("libnone.so.9 can't be loaded: libnone.so.9: cannot open shared object file", "libnone.so.9");
        assertRefused("there is no file none.c", "none.c");
    }
}
