package dev.linen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checks the documentation: Java examples run and print what they claim, links to files exist, and so do the tests that
 * are named.
 */
class DocsTest {

    private static final Pattern EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern PRINTS = Pattern.compile("// prints (.*)");
    private static final Pattern FILE = Pattern.compile("package ([\\w.]+);.*?public class (\\w+) .*", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)[^)]*\\)");

    private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

    /** The imports that ./linen shell gives to jshell. The static imports of the shell's helpers aren't used here. */
    private static final Path IMPORTS = Path.of("src/main/jshell/linen.jsh");

    @TempDir
    private Path folder;

    /** What a run of the benchmarks writes is there, too: its links. */
    static Stream<Path> documents() throws IOException {
        return Stream.concat(Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md",
                "jextract-config/README.md").map(Path::of), markdown(Path.of("docs")).stream());
    }

    private static List<Path> markdown(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(path -> path.toString().endsWith(".md")).sorted().toList();
        }
    }

    static Stream<String> examples() throws IOException {
        return documents().flatMap(document -> EXAMPLE.matcher(read(document)).results().map(match -> match.group(1)));
    }

    @Test
    void examples_areFound() throws IOException {
        assertTrue(examples().findAny().isPresent());
    }

    @ParameterizedTest
    @MethodSource("examples")
    void example_run_printsWhatItSays(String example) throws Exception {
        List<Path> file = FILE.matcher(example).results().map(DocsTest::importersFile).toList();
        Path source = file.isEmpty() ? writeExample(example) : file.getFirst();
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--module-path", Path.of("target/classes").toString(),
                "--add-modules", "dev.linen",
                "--enable-native-access=dev.linen", source.toString()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());

        assertEquals(0, process.waitFor(), output);
        List<String> promised = PRINTS.matcher(example).results().map(match -> match.group(1).strip()).toList();
        List<String> printed = output.lines().filter(promised::contains).toList();
        assertEquals(promised, printed, output);
    }

    private Path writeExample(String example) throws IOException {
        String imports = read(IMPORTS).lines()
                .filter(line -> line.startsWith("import ") && !line.contains("dev.linen.cli."))
                .map(line -> line + ";\n")
                .reduce("", String::concat);
        return Files.writeString(folder.resolve("Example.java"), imports
                + "class Example { public static void main(String... arguments) throws Exception {\n" + example
                + "}}\n");
    }

    /** A whole class must be the one in the example project, which .ci/run builds and runs. */
    @Test
    void example_aWholeClass_isTheImportersFile() throws IOException {
        List<MatchResult> classes = examples().flatMap(example -> FILE.matcher(example).results()).toList();
        assertEquals(1, classes.size());
        for (MatchResult found : classes) {
            assertEquals(read(importersFile(found)), found.group());
        }
    }

    private static Path importersFile(MatchResult found) {
        return Path.of("examples/importer/src/main/java", found.group(1).replace('.', '/'), found.group(2) + ".java");
    }

    @ParameterizedTest
    @MethodSource("documents")
    void links_toFiles_leadSomewhere(Path document) {
        Path base = document.toAbsolutePath().getParent();
        List<String> dead = LINK.matcher(read(document)).results().map((MatchResult match) -> match.group(1))
                .filter(link -> !link.startsWith("http")).filter(link -> !Files.exists(base.resolve(link))).toList();
        assertEquals(List.of(), dead);
    }

    /**
     * A test that is named as the proof of a claim must exist, like `NativeThreadTest.join_again_givesTheResultAgain`.
     */
    @Test
    void tests_namedInDocuments_exist() throws IOException {
        List<String> missing = new ArrayList<>();
        List<MatchResult> named = documents().flatMap(document -> TEST.matcher(read(document)).results()).toList();
        for (MatchResult name : named) {
            try (Stream<Path> sources = Files.walk(Path.of("src/test/java"))) {
                if (sources.filter(path -> path.endsWith(name.group(1) + ".java"))
                        .noneMatch(path -> read(path).contains(" void " + name.group(2) + "("))) {
                    missing.add(name.group());
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(named.size() > 20, named.size() + " only");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
