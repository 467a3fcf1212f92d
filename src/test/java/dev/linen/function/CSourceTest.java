package dev.linen.function;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.ChildJvm;
import dev.linen.memory.MemoryMap;
import dev.linen.testing.Joining;
import dev.linen.testing.Skip;
import dev.linen.thread.NativeThread;

class CSourceTest {

    private static final AtomicInteger NEXT = new AtomicInteger();

    @TempDir
    private Path folder = Path.of("");

    /** Returns a text that no other test uses. Its function entry returns the given value. */
    private static String returning(String value) {
        return "int fresh_" + NEXT.incrementAndGet() + ";\nvoid *entry(void *a) { return (void *)" + value + "; }\n";
    }

    private static long run(CSource source) {
        return run(source.function("entry"), 0);
    }

    private static long run(NativeFunction function, long argument) {
        try (NativeThread thread = NativeThread.start(function, argument)) {
            return Joining.join(thread);
        }
    }

    /** In the C locale, Java has no path for it. */
    static final class NamedInAnotherCharset {
        public static void main(String... arguments) {
            System.out.print(Includes.ofRule("x: gr\u00f6\u00dfe.h\n").areUnchanged() + " "
                    + Includes.ofRule("x:\n").areUnchanged());
        }
    }

    @Test
    void includes_nameWithoutAPath_mayHaveChanged() {
        ChildJvm.Result result = ChildJvm.of(NamedInAnotherCharset.class).wrappedIn("env", "LC_ALL=C").run();
        assertEquals("false true", result.out(), result::toString);
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    /** A wrapper of cc that adds a line to a file for each run. */
    private CCompiler countingCompiler() {
        return new CCompiler(List.of("sh", "-c", "echo run >>'" + folder + "/runs'; exec cc \"$@\"", "cc"));
    }

    private int runs() throws IOException {
        return Files.readAllLines(folder.resolve("runs")).size();
    }

    private static CompilationException assertRefused(String text, String... flags) {
        return assertThrows(CompilationException.class, () -> CSource.compile(text, flags));
    }

    @Test
    void compile_twoFunctions_bothRun() {
        CSource source = CSource.compile("""
                void *twice(void *n) { return (void *)(2 * (long)n); }
                void *thrice(void *n) { return (void *)(3 * (long)n); }
                """);
        assertEquals(42, run(source.function("twice"), 21));
        assertEquals(63, run(source.function("thrice"), 21));
        assertEquals("twice", source.function("twice").toString());
        assertEquals("CSource[the C text]", source.toString());
    }

    @Test
    void compile_file_runs() throws IOException {
        Path file = file("answer.c", returning("42"));
        CSource source = CSource.compile(file);
        assertEquals(42, run(source));
        assertEquals("CSource[" + file + "]", source.toString());
        String mapped = MemoryMap.regionAt(source.function("entry").address().address()).orElseThrow().name();
        assertEquals("/memfd:answer.c (deleted)", mapped);
    }

    /** The name is invalid for a memfd. */
    @Test
    void compile_fileOfAnyName_runs() throws IOException {
        assertEquals(1, run(CSource.compile(file("\u00fc".repeat(126), returning("1")))));
    }

    @Test
    void compile_fileThatLooksLikeAnOption_runs() throws IOException {
        Skip.unless(Files.isWritable(Path.of("")), "the working directory is read-only");
        Path option = Path.of("--version " + ProcessHandle.current().pid());
        try {
            Files.writeString(option, returning("2"));
            assertEquals(2, run(CSource.compile(option)));
        } finally {
            Files.deleteIfExists(option);
        }
    }

    @Test
    void compile_flags_areUsed() {
        String text = returning("N");
        assertEquals(5, run(CSource.compile(text, "-DN=5")));
        assertEquals(6, run(CSource.compile(text, "-DN=6")));
    }

    @Test
    void compile_compilerWithArguments_isUsed() {
        assertEquals(7, run(CSource.compile(new CCompiler(List.of("cc", "-DN=7")), returning("N"))));
    }

    @Test
    void compile_text_leavesNoFile() throws IOException {
        String before = System.setProperty("java.io.tmpdir", folder.toString());
        try {
            CSource.compile(countingCompiler(), returning("1"));
            assertRefused(returning("bad"));
        } finally {
            System.setProperty("java.io.tmpdir", before);
        }
        assertArrayEquals(new String[]{"runs"}, folder.toFile().list());
    }

    /** libc, which was loaded earlier, has a function of the same name. */
    @Test
    void compile_functionNamedLikeOneOfLibc_callsItsOwn() {
        String text = "__attribute__((noinline)) long labs(long n) { return n + 1; }\n"
                + "void *entry(void *n) { return (void *)(2 * labs((long)n)); }";
        assertEquals(84, run(CSource.compile(text, "-fno-builtin").function("entry"), 41));
    }

    @Test
    void compile_interruptedThread_compilesAndStaysInterrupted() {
        Thread.currentThread().interrupt();
        CSource source = CSource.compile(returning("42"));
        assertTrue(Thread.interrupted());
        assertEquals(42, run(source));
    }

    @Test
    void symbols_variable_isFound() {
        MemorySegment answer = CSource.compile("long answer = 42;").symbols().find("answer").orElseThrow();
        assertEquals(42, answer.reinterpret(8).get(ValueLayout.JAVA_LONG, 0));
    }

    @Test
    void function_missingStaticOrVariable_isRefused() {
        CSource source = CSource.compile("static void *hidden(void *a) { return a; }\n"
                + "void *(*use)(void *) = hidden;\n");
        assertThrows(NoSuchElementException.class, () -> source.function("nope"));
        assertThrows(NoSuchElementException.class, () -> source.function("hidden"));
        assertThrows(IllegalArgumentException.class, () -> source.function("use"));
    }

    @Test
    void compile_error_hasLineAndColumn() {
        CompilationException refused = assertRefused(
                "int zero;\n\nint f(void) { return x; }\nint g(void) { return y; }\n");
        List<Diagnostic> errors = refused.diagnostics().stream()
                .filter(each -> each.severity() == Diagnostic.Severity.ERROR).toList();
        assertEquals(2, errors.size(), refused::output);
        Diagnostic first = errors.get(0);
        assertEquals("<stdin>", first.file());
        assertEquals(3, first.line());
        assertEquals(22, first.column());
        assertTrue(first.message().startsWith("'x' undeclared"), refused::output);
        assertEquals(4, errors.get(1).line());
        assertEquals("the C text doesn't compile: " + first + " (and 1 more)", refused.getMessage());
        assertTrue(refused.output().contains(first.toString()), refused::output);
    }

    @Test
    void compile_errorInAFile_namesTheFile() throws IOException {
        Path file = file("bad.c", "int f(void) { return x; }");
        CompilationException refused = assertThrows(CompilationException.class, () -> CSource.compile(file));
        assertEquals(file.toString(), refused.diagnostics().get(0).file());
        assertTrue(refused.getMessage().startsWith(file + " doesn't compile: " + file + ":1:22: error: 'x' "),
                refused::getMessage);
    }

    @Test
    void compile_missingHeader_isAnError() {
        CompilationException refused = assertRefused("#include \"nope.h\"\n");
        assertEquals(new Diagnostic("<stdin>", 1, 10, Diagnostic.Severity.ERROR, "nope.h: No such file or directory"),
                refused.diagnostics().get(0));
    }

    @Test
    void compile_lineDirective_isWhereTheErrorIs() {
        Diagnostic error = assertRefused("#line 90 \"elsewhere.l\"\nint f(void) { return x; }").diagnostics().get(0);
        assertEquals("elsewhere.l", error.file());
        assertEquals(90, error.line());
        assertEquals(22, error.column());
    }

    @Test
    void compile_utf8_isKept() {
        CSource source = CSource.compile("""
                const char text[] = "fünf €";
                long größe(void) { return sizeof text; }
                void *entry(void *a) { return (void *)größe(); } /* 漢字 */
                """);
        assertEquals("fünf €".getBytes(StandardCharsets.UTF_8).length + 1, run(source));
        MemorySegment text = source.symbols().find("text").orElseThrow();
        assertEquals("fünf €", text.reinterpret(20).getString(0));
    }

    @Test
    void compile_errorBehindUtf8_isInTheSameLine() {
        Diagnostic error = assertRefused("/* ü */\nconst char *s = \"ü\"; int i = x;").diagnostics().get(0);
        assertEquals(2, error.line());
        assertTrue(error.message().contains("'x'"), error::toString);
    }

    @Test
    void compile_fileThatIsntUtf8_runs() throws IOException {
        Path latin1 = Files.writeString(folder.resolve("latin1.c"), "/* ü */" + returning("42"),
                StandardCharsets.ISO_8859_1);
        assertEquals(42, run(CSource.compile(latin1)));
    }

    @Test
    void compile_warning_isFine() {
        CSource source = CSource.compile(returning("42") + "static int unused;", "-Wall");
        assertEquals(42, run(source));
        Diagnostic warning = source.diagnostics().get(0);
        assertEquals(Diagnostic.Severity.WARNING, warning.severity());
        assertEquals(3, warning.line());
        assertEquals(12, warning.column());
        assertEquals(List.of(), CSource.compile(returning("1")).diagnostics());
    }

    @Test
    void compile_warningBeforeAnError_theMessageHasTheError() {
        CompilationException refused = assertRefused("#warning look\nint f(void) { return x; }\n");
        assertEquals(Diagnostic.Severity.WARNING, refused.diagnostics().get(0).severity());
        assertTrue(refused.getMessage().contains(": error: 'x'"), refused::getMessage);
    }

    @Test
    void compile_unresolvedSymbol_isRefused() {
        CompilationException refused = assertRefused("void *nowhere(void *);\n"
                + "void *entry(void *a) { return nowhere(a); }\n");
        assertEquals("the C text was compiled, but can't be loaded: the C text: undefined symbol: nowhere",
                refused.getMessage());
    }

    @Test
    void compile_linkerRefuses_tellsItsWords() {
        CompilationException refused = assertRefused("#warning look\n", "-lnope");
        assertTrue(refused.getMessage().contains("cannot find -lnope"), refused::getMessage);
    }

    @Test
    void compile_badFlag_isNamed() {
        CompilationException refused = assertRefused(returning("1"), "-fnope");
        assertTrue(refused.getMessage().contains("-fnope"), refused::getMessage);
        assertEquals(0, refused.diagnostics().get(0).line());
        assertTrue(assertRefused(returning("1"), "-fsyntax-only").getMessage().contains("[-fsyntax-only]"));
    }

    @Test
    void compile_noCompiler_saysWhatToInstall() {
        CompilationException refused = assertThrows(CompilationException.class,
                () -> CSource.compile(new CCompiler(List.of("/nonexistent", "-O3")), returning("1")));
        assertEquals("there is no C compiler (/nonexistent -O3): on Debian, apt-get install gcc libc6-dev",
                refused.getMessage());
        assertEquals("", refused.output());
        assertEquals(List.of(), refused.diagnostics());
    }

    @Test
    void compile_compilerThatDiesSilently_saysSo() {
        CompilationException refused = assertThrows(CompilationException.class,
                () -> CSource.compile(new CCompiler(List.of("sh", "-c", "exit 3")), returning("1")));
        assertEquals("the C text doesn't compile: the compiler exited with status 3 and printed nothing",
                refused.getMessage());
    }

    static final class Main {
        public static void main(String... arguments) {
            try {
                System.out.println(run(CSource.compile(Path.of(arguments[0]))));
            } catch (CompilationException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }

    @Test
    void compile_CC_isTheCompiler() throws IOException {
        String file = file("n.c", returning("N")).toString();
        assertEquals("5\n", ChildJvm.of(Main.class).wrappedIn("env", "CC= cc  -DN=5 ").run(file).out());
        assertEquals("there is no C compiler (/nonexistent): on Debian, apt-get install gcc libc6-dev\n",
                ChildJvm.of(Main.class).wrappedIn("env", "CC=/nonexistent").run(file).out());
    }

    @Test
    void compile_noTemporaryDirectory_takesAnother() throws IOException {
        String file = file("answer.c", returning("42")).toString();
        ChildJvm.Result elsewhere = ChildJvm.of(Main.class).flags("-Djava.io.tmpdir=" + file).run(file);
        assertEquals("42\n", elsewhere.out(), elsewhere::toString);
    }

    @Test
    void compile_temporaryDirectoryIsNoexec_runs() throws IOException, InterruptedException {
        Path source = Path.of("target", "noexec.c");
        Files.writeString(source, returning("43"));
        Skip.unless(new ProcessBuilder("unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev/shm").start()
                .waitFor() == 0, "this process has no permission to mount file systems");
        ChildJvm.Result noexec = ChildJvm.of(Main.class)
                .wrappedIn("unshare", "-m", "sh", "-c", "mount -t tmpfs -o noexec none /dev/shm && exec \"$@\"", "sh")
                .flags("-Djava.io.tmpdir=/dev/shm").run(source.toString());
        assertEquals("43\n", noexec.out(), noexec::toString);
    }

    @Test
    void compile_missingFileOrDirectory_saysWhatIsWrong() throws IOException {
        UncheckedIOException missing = assertThrows(UncheckedIOException.class,
                () -> CSource.compile(folder.resolve("none.c")));
        assertEquals("there is no file " + folder + "/none.c", missing.getMessage());
        assertEquals(NoSuchFileException.class, missing.getCause().getClass());
        UncheckedIOException directory = assertThrows(UncheckedIOException.class, () -> CSource.compile(folder));
        assertEquals(folder + " is not a file", directory.getMessage());
    }

    @Test
    void compile_null_isRefused() {
        assertThrows(NullPointerException.class, () -> CSource.compile((String) null));
        assertThrows(NullPointerException.class, () -> CSource.compile((Path) null));
        assertThrows(NullPointerException.class, () -> CSource.compile(returning("1"), (String) null));
    }

    @Test
    void compile_theSameAgain_isTheSameLibraryWithoutAnotherRun() throws IOException {
        CCompiler compiler = countingCompiler();
        String text = returning("1");
        CSource first = CSource.compile(compiler, text);
        assertSame(first, CSource.compile(compiler, text));
        assertEquals(1, runs());
        assertNotSame(first, CSource.compile(compiler, text, "-O3"));
        assertNotSame(first, CSource.compile(compiler, text + "\n"));
        assertNotSame(first, CSource.compile(text));
        assertEquals(3, runs());
    }

    @Test
    void compile_errorAgain_isCompiledAgain() throws IOException {
        CCompiler compiler = countingCompiler();
        for (int i = 0; i < 2; i++) {
            assertThrows(CompilationException.class, () -> CSource.compile(compiler, "int f(void) { return x; }"));
        }
        assertEquals(2, runs());
    }

    @Test
    void compile_fileChanged_isCompiledAgain() throws IOException {
        Path file = file("changes.c", "void *entry(void *a) { return (void *)1; }");
        CSource first = CSource.compile(file);
        assertSame(first, CSource.compile(file));
        file("changes.c", "void *entry(void *a) { return (void *)2; }");
        assertEquals(2, run(CSource.compile(file)));
        file("changes.c", "void *entry(void *a) { return (void *)1; }");
        assertEquals(1, run(first));
        assertEquals(1, run(CSource.compile(file)));
    }

    /**
     * The new header has the same length and is written at once, so that neither size nor time stamp shows the change.
     */
    @Test
    void compile_headerChanged_isCompiledAgain() throws IOException {
        Path header = file("a $b #c.h", "#define ANSWER 1\n");
        file("second.h", "#define MORE 10\n");
        Path file = file("includes.c", "#include \"a $b #c.h\"\n#include \"second.h\"\n"
                + "void *entry(void *a) { return (void *)(ANSWER + MORE); }");
        CSource first = CSource.compile(file);
        assertEquals(11, run(first));
        assertSame(first, CSource.compile(file));
        Files.writeString(header, "#define ANSWER 2\n");
        assertEquals(12, run(CSource.compile(file)));
        file("second.h", "#define MORE 20\n");
        assertEquals(22, run(CSource.compile(file)));
        Files.delete(header);
        assertThrows(CompilationException.class, () -> CSource.compile(file));
    }

    @Test
    void compile_theSameTextByEightAtOnce_isCompiledOnce() throws Exception {
        CCompiler compiler = countingCompiler();
        String text = returning("42");
        CyclicBarrier together = new CyclicBarrier(8);
        Set<CSource> different = new HashSet<>();
        try (ExecutorService eight = Executors.newFixedThreadPool(8)) {
            List<Future<CSource>> compiled = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Callable<CSource> compile = () -> {
                    together.await(5, TimeUnit.MINUTES);
                    return CSource.compile(compiler, text);
                };
                compiled.add(eight.submit(compile));
            }
            for (Future<CSource> each : compiled) {
                different.add(each.get());
            }
        }
        assertEquals(1, different.size());
        assertEquals(1, runs());
    }
}
