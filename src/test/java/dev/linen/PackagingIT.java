package dev.linen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.testing.Skip;

/**
 * The program of examples/importer, shipped in the ways of docs/packaging.md, has native access and runs without a
 * warning.
 */
class PackagingIT {

    private static final Path LINEN = Path.of("target/linen.jar").toAbsolutePath();
    private static final Path SOURCES = Path.of("examples/importer/src/main/java/importer").toAbsolutePath();

    /** What importer.Hello prints, and nothing else: no warning. */
    private static final String OUTPUT = "true\n42\n";

    private static final String DENY = "--illegal-native-access=deny"; // since JDK 24
    private static final boolean DENY_IS_KNOWN = Runtime.version().feature() >= 24;

    @TempDir
    private static Path folder;

    private static Path program;

    @BeforeAll
    static void compile() throws Exception {
        Path classes = folder.resolve("classes");
        tool("javac", "--module-path", LINEN.toString(), "-d", classes.toString(),
                SOURCES.resolve("Hello.java").toString(), SOURCES.resolveSibling("module-info.java").toString());
        program = folder.resolve("importer.jar");
        tool("jar", "--create", "--file", program.toString(), "-C", classes.toString(), ".");
    }

    @Test
    void fatJar_manifestGrantsNativeAccess_runsWithoutAFlag() throws Exception {
        Path jar = fatJar("Main-Class: importer.Hello\nEnable-Native-Access: ALL-UNNAMED\n");
        assertEquals(OUTPUT, java(DENY, "-jar", jar.toString()));
    }

    /** Without this refusal the test above would prove nothing. */
    @Test
    void fatJar_manifestGrantsNothing_isRefused() throws Exception {
        Skip.unless(DENY_IS_KNOWN, "before JDK 24 nothing is refused");
        Path jar = fatJar("Main-Class: importer.Hello\n");
        AssertionError refused = assertThrows(AssertionError.class,
                () -> java(DENY, "-jar", jar.toString()));
        assertTrue(refused.toString().contains("--enable-native-access=ALL-UNNAMED"), refused::toString);
    }

    @Test
    void image_byJlink_runsWithoutAFlag() throws Exception {
        Path image = folder.resolve("image");
        tool("jlink", "--module-path", LINEN + ":" + program, "--add-modules", "importer",
                "--add-options=--enable-native-access=dev.linen", "--launcher", "hello=importer/importer.Hello",
                "--output", image.toString());
        assertEquals(OUTPUT, run(image.resolve("bin/hello").toString()));
        assertTrue(run(image.resolve("bin/java").toString(), "--list-modules").lines()
                .noneMatch(module -> module.startsWith("jdk.jfr")), "linen requires it statically only");
    }

    @Test
    void aotCache_ofTheModulePath_isUsed() throws Exception {
        Skip.unless(Runtime.version().feature() >= 25, "-XX:AOTCacheOutput is new in JDK 25");
        Path cache = folder.resolve("importer.aot");
        String[] importer = {"--enable-native-access=dev.linen", "-p", LINEN + ":" + program, "-m",
                "importer/importer.Hello"};
        java(with("-XX:AOTCacheOutput=" + cache, importer));
        assertEquals(OUTPUT, java(with("-XX:AOTMode=on", with("-XX:AOTCache=" + cache, importer))));
    }

    private static Path fatJar(String manifest) throws Exception {
        Path all = Files.createTempDirectory(folder, "fat");
        for (Path jar : List.of(LINEN, program)) {
            tool("jar", "--extract", "--file", jar.toString(), "--dir", all.toString());
        }
        Files.delete(all.resolve("module-info.class"));
        Path attributes = Files.writeString(folder.resolve("MANIFEST"), manifest);
        Path jar = all.resolveSibling(all.getFileName() + ".jar");
        tool("jar", "--create", "--file", jar.toString(), "--manifest", attributes.toString(), "-C", all.toString(),
                ".");
        return jar;
    }

    private static String[] with(String first, String... others) {
        List<String> all = new ArrayList<>(List.of(others));
        all.addFirst(first);
        return all.toArray(String[]::new);
    }

    private static String java(String... arguments) throws Exception {
        List<String> known = new ArrayList<>(List.of(arguments));
        known.removeIf(argument -> argument.equals(DENY) && !DENY_IS_KNOWN);
        return tool("java", known.toArray(String[]::new));
    }

    private static String tool(String name, String... arguments) throws Exception {
        return run(with(Path.of(System.getProperty("java.home"), "bin", name).toString(), arguments));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), () -> String.join(" ", command) + "\n" + output);
        return output;
    }
}
