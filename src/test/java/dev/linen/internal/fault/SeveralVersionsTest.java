package dev.linen.internal.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.internal.fault.SeveralCopiesTest.Copy;
import dev.linen.internal.linux.LinenH;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.ApplicationLoader;
import dev.linen.testing.Skip;

/** Applications in one JVM that each bring another version of linen, with other structs. */
class SeveralVersionsTest {

    private static final Path SOURCES = Path.of("src", "main");
    private static final Path BINDINGS = Path.of("java", "dev", "linen", "internal", "linux");

    /** The numbers that a change of linen.h changes; javac copies them into the classes that use them. */
    private static final List<String> NUMBERS = List.of("LINEN_ABI", "LINEN_TLS_MAGIC");

    /** linen, with a higher ABI version and two fields of a struct exchanged. */
    private record NextVersion(Path directory) {

        /** Compiles what differs. */
        static NextVersion build(Path directory) throws IOException, InterruptedException {
            NextVersion next = new NextVersion(directory);
            next.buildNative();
            next.compile(next.sources());
            return next;
        }

        private Path classes() {
            return directory.resolve("classes");
        }

        private void buildNative() throws IOException, InterruptedException {
            for (Path each : files(SOURCES.resolve("c"))) {
                boolean header = each.endsWith("linen.h");
                change(SOURCES.relativize(each), header ? NextVersion::header : text -> text);
            }
            Process build = new ProcessBuilder("sh", directory.resolve("c").resolve("build").toString(),
                    classes().resolve("META-INF").resolve("native").toString()).redirectErrorStream(true).start();
            String output = new String(build.getInputStream().readAllBytes());
            int status = build.waitFor();
            Skip.unless(!output.contains("no C compiler"), output);
            assertEquals(0, status, output);
        }

        private static String header(String text) {
            return replace(replace(text, "#define LINEN_ABI " + LinenH.LINEN_ABI,
                    "#define LINEN_ABI " + (LinenH.LINEN_ABI + 1)),
                    "(    uint64_t controls;.*\n)(    uint64_t buffers;.*\n)", "$2$1");
        }

        private List<String> sources() throws IOException {
            List<String> sources = new ArrayList<>();
            sources.add(change(BINDINGS.resolve("LinenH.java"), text -> replace(
                    replace(text, "(LINEN_ABI = \\(int\\))" + LinenH.LINEN_ABI, "$1" + (LinenH.LINEN_ABI + 1)),
                    LinenH.LINEN_TLS_MAGIC + "L", LinenH.LINEN_TLS_MAGIC + (1L << 56) + "L")));
            sources.add(change(BINDINGS.resolve("linen_slab.java"), text -> replace(text,
                    "(.*withName\\(\"controls\"\\),\n)(.*withName\\(\"buffers\"\\),\n)", "$2$1")));
            for (Path each : files(SOURCES.resolve("java"))) {
                boolean binding = each.startsWith(SOURCES.resolve(BINDINGS));
                if (!binding && NUMBERS.stream().anyMatch(read(each)::contains)) {
                    sources.add(each.toString());
                }
            }
            return sources;
        }

        private void compile(List<String> sources) {
            List<String> arguments = new ArrayList<>(List.of("-nowarn", "-proc:none", "-implicit:none", "-cp",
                    Path.of("target", "classes") + ":" + System.getProperty("java.class.path") + ":"
                            + System.getProperty("jdk.module.path", ""),
                    "-d", classes().toString()));
            arguments.addAll(sources);
            int status = ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err,
                    arguments.toArray(String[]::new));
            assertEquals(0, status, "javac");
        }

        /** Writes a changed copy of a source. */
        private String change(Path source, UnaryOperator<String> change) throws IOException {
            Path copy = directory.resolve(source);
            Files.createDirectories(copy.getParent());
            return Files.writeString(copy, change.apply(read(SOURCES.resolve(source)))).toString();
        }

        private static String replace(String text, String pattern, String replacement) {
            String replaced = text.replaceFirst(pattern, replacement);
            assertNotEquals(text, replaced, pattern);
            return replaced;
        }

        private static List<Path> files(Path directory) throws IOException {
            try (Stream<Path> all = Files.walk(directory)) {
                return all.filter(Files::isRegularFile).toList();
            }
        }

        private static String read(Path file) {
            try {
                return Files.readString(file);
            } catch (IOException failed) {
                throw new AssertionError(failed);
            }
        }
    }

    static final class Two {
        private static final String IDENTITY = "long f(long x) { return x; }";
        private static final String READ = "long f(long *p) { return *p; }";
        private static final String LOOP = "void f(void) { for (;;) __asm__ volatile(\"\"); }";

        private static int length(int[] array) {
            return array.length;
        }

        /** The first one installs its handler first, so that the second one's is in front of it. */
        public static void main(String... arguments) throws Exception {
            int sum = 0;
            for (int i = 0; i < 100_000; i++) { // compiled, so that a null is found by SIGSEGV
                sum += length(new int[1]);
            }
            Copy first = new Copy(loader(arguments[0]));
            Object firstLoops = first.start(LOOP, 0);
            Copy second = new Copy(loader(arguments[1]));
            Object secondLoops = second.start(LOOP, 0);
            System.out.print(abi(first) + " " + abi(second));
            for (Copy each : List.of(first, second)) {
                System.out.print(", " + Copy.call(each.start(IDENTITY, 7), "join") + " "
                        + Copy.call(each.start(READ, 8), "join"));
            }
            try {
                sum += length(System.nanoTime() == 0 ? new int[1] : null);
            } catch (NullPointerException expected) {
                System.out.print(", null");
            }
            for (Object each : List.of(firstLoops, secondLoops)) {
                Copy.call(each, "kill");
                System.out.print(", " + Copy.call(each, "join"));
            }
            System.out.print(", " + first.containment() + " " + second.containment() + (sum == 100_000 ? "" : sum));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }

        private static ClassLoader loader(String classes) throws IOException {
            return classes.isEmpty()
                    ? new ApplicationLoader("this")
                    : new ApplicationLoader("next", Path.of(classes));
        }

        private static int abi(Copy copy) throws ReflectiveOperationException {
            return copy.loader().loadClass(LinenH.class.getName()).getField("LINEN_ABI").getInt(null);
        }
    }

    @Test
    void faults_twoVersions_areContainedByTheirOwn(@TempDir Path directory) throws Exception {
        String next = NextVersion.build(directory).classes().toString();
        int abi = LinenH.LINEN_ABI;
        assertEquals(outcome(abi, abi + 1), run("", next));
        assertEquals(outcome(abi + 1, abi), run(next, ""));
    }

    private static String outcome(int firstAbi, int secondAbi) {
        return firstAbi + " " + secondAbi + ", 7 NativeFaultException".repeat(2) + ", null"
                + ", NativeThreadKilledException".repeat(2) + ", ON ON";
    }

    private static String run(String... classes) {
        ChildJvm.Result result = ChildJvm.of(Two.class).onClassPath().flags("--enable-native-access=ALL-UNNAMED")
                .run(classes);
        return result.exitStatus() == 0 ? result.out() : result.toString();
    }
}
