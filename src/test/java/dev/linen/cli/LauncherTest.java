package dev.linen.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.testing.Skip;

/**
 * What the launcher does before it starts Java. It runs in a temporary home, with stub programs that print their
 * arguments:
 *
 * <pre>
 *   a folder/project/   linen, pom.xml, src/main/A.java, src/main/B.java
 *   a folder/tools/     PATH: a few of the system's commands, mvn and cc
 *   a folder/jdk/       JAVA_HOME
 *   a folder/home/      HOME
 *   a folder/empty/     mounted over /usr/lib/jvm to hide it
 * </pre>
 */
class LauncherTest {

    private static final String[] SYSTEM_COMMANDS = {"bash", "cat", "dirname", "find", "flock", "mkdir", "mount",
            "readlink", "rm", "sed", "sleep", "touch", "unshare"};

    @TempDir
    private Path temporary = Path.of("");
    private Path folder = Path.of("");
    private Path project = Path.of("");
    private Path tools = Path.of("");

    @BeforeEach
    void buildHome() throws IOException {
        folder = temporary.resolve("a folder");
        project = Files.createDirectories(folder.resolve("project"));
        tools = Files.createDirectories(folder.resolve("tools"));
        Files.createDirectories(project.resolve("src/main"));
        Files.createDirectories(folder.resolve("home/.jdks"));
        Files.createDirectories(folder.resolve("empty"));
        script(project.resolve("linen"), Files.readString(Path.of("linen")));
        for (String source : List.of("pom.xml", "src/main/A.java", "src/main/B.java")) {
            Files.createFile(project.resolve(source));
        }
        for (String command : SYSTEM_COMMANDS) {
            String file = Files.exists(Path.of("/usr/bin", command)) ? "/usr/bin/" + command : "/bin/" + command;
            script(tools.resolve(command), "#!/bin/sh\nexec " + file + " \"$@\"\n");
        }
        script(tools.resolve("cc"), "#!/bin/sh\n");
        maven("");
        jdk(folder.resolve("jdk"), "25.0.1");
    }

    /** Writes a stub of mvn that makes the jar, logs the call, and then runs the given commands. */
    private void maven(String more) throws IOException {
        script(tools.resolve("mvn"), """
                #!/bin/sh
                mkdir -p target/lib
                echo a jar >target/linen.jar
                echo "$@" >>mvn.calls
                """ + more);
    }

    /** Makes a JDK whose programs print their names and arguments. */
    private static void jdk(Path jdk, String version) throws IOException {
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        for (String program : List.of("java", "javac", "jshell")) {
            script(jdk.resolve("bin").resolve(program),
                    "#!/bin/sh\nfor word in \"$0\" \"$@\"; do printf '<%s>\\n' \"$word\"; done\n");
        }
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, text);
        assertTrue(file.toFile().setExecutable(true));
    }

    private Command linen(String... arguments) {
        return linen(List.of(), arguments).with("JAVA_HOME", folder.resolve("jdk").toString());
    }

    private Command linen(List<String> wrapper, String... arguments) {
        List<String> words = new ArrayList<>(wrapper);
        words.add(project.resolve("linen").toString());
        words.addAll(Arrays.asList(arguments));
        return Command.of(words.toArray(String[]::new)).in(folder).with("PATH", tools.toString()).with("HOME",
                folder.resolve("home").toString());
    }

    /** Runs the launcher without JAVA_HOME, on a system that has no JDK. */
    private Command linenWithoutSystemJdk(String... arguments) throws IOException, InterruptedException {
        String hide = "mount --bind '" + folder.resolve("empty") + "' /usr/lib/jvm && ";
        List<String> wrapper = List.of("unshare", "-m", "bash", "-c");
        if (Files.exists(Path.of("/usr/lib/jvm"))) {
            Skip.unless(Command.of("unshare", "-m", "bash", "-c", hide + "true").run().exitStatus() == 0,
                    "no mount namespace can be created here to hide /usr/lib/jvm");
        } else {
            hide = "";
        }
        List<String> words = new ArrayList<>(wrapper);
        words.addAll(List.of(hide + "exec \"$0\" \"$@\""));
        return linen(words, arguments);
    }

    private void assertStarts(Command command) throws IOException, InterruptedException {
        Command.Result result = command.run();
        assertEquals(0, result.exitStatus(), result::toString);
        assertTrue(result.out().contains("<--module>\n<dev.linen/dev.linen.cli.LinenCommand>\n"), result::toString);
    }

    private static void assertRefused(String reason, Command command) throws IOException, InterruptedException {
        Command.Result result = command.run();
        assertEquals(2, result.exitStatus(), result::toString);
        assertEquals("", result.out());
        assertEquals(1, result.err().lines().count(), result::toString);
        assertTrue(result.err().startsWith("linen: no ") && result.err().contains(reason), result::toString);
    }

    /** Everything that is missing is named at once, and linen doesn't work. */
    private static void assertMissing(Command doctor, String... remedies) throws IOException, InterruptedException {
        Command.Result result = doctor.run();
        assertEquals(1, result.exitStatus(), result::toString);
        assertEquals("", result.out());
        List<String> lines = result.err().lines().toList();
        assertEquals(remedies.length, lines.size(), result::toString);
        for (int i = 0; i < remedies.length; i++) {
            assertTrue(lines.get(i).matches("linen: no .*: on Debian, apt-get install \\Q" + remedies[i] + "\\E( .*)?"),
                    result::toString);
        }
    }

    private int builds() throws IOException {
        Path calls = project.resolve("mvn.calls");
        return Files.exists(calls) ? Files.readAllLines(calls).size() : 0;
    }

    /** Sets the modification times to an hour ago. */
    private void makeOlder(String... files) throws IOException {
        for (String file : files) {
            Files.setLastModifiedTime(project.resolve(file), FileTime.from(Instant.now().minusSeconds(3600)));
        }
    }

    @Test
    void run_firstUse_buildsOnceAndSaysSo() throws IOException, InterruptedException {
        Command.Result first = linen("run").run();
        assertEquals(0, first.exitStatus(), first::toString);
        assertEquals("linen: building the library with Maven (once, and after its sources changed) ...",
                first.err().strip());
        Command.Result second = linen("run").run();
        assertEquals("", second.err());
        assertEquals(1, builds());
    }

    @Test
    void run_twoAtOnceOnFirstUse_buildOnce() throws IOException, InterruptedException {
        maven("until [ -e go ]; do sleep 0.05; done\n"); // the jar exists, but may be incomplete
        Command.Running first = linen("run").start();
        while (builds() == 0 && first.process().isAlive()) {
            Thread.sleep(20);
        }
        Command.Running second = linen("run").start();
        while (second.process().isAlive() && !waitsForLock(second.process()) && builds() == 1) {
            Thread.sleep(20);
        }
        boolean waited = second.process().isAlive();
        Files.createFile(project.resolve("go"));
        assertEquals(0, first.result().exitStatus());
        assertEquals(0, second.result().exitStatus());
        assertTrue(waited, "the second didn't wait for the first's build");
        assertEquals(1, builds());
    }

    private static boolean waitsForLock(Process launcher) {
        return launcher.descendants().anyMatch(child -> child.info().command().orElse("").endsWith("/flock"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"src/main/A.java", "pom.xml"})
    void run_sourceNewerThanJar_buildsAgain(String source) throws IOException, InterruptedException {
        makeOlder("src/main", "src/main/A.java", "src/main/B.java", "pom.xml");
        assertStarts(linen("run"));
        assertStarts(linen("run"));
        assertEquals(1, builds());
        Files.setLastModifiedTime(project.resolve(source), FileTime.from(Instant.now().plusSeconds(2)));
        assertStarts(linen("run"));
        assertEquals(2, builds());
    }

    @Test
    void run_sourceDeleted_buildsAgain() throws IOException, InterruptedException {
        makeOlder("src/main", "src/main/A.java", "src/main/B.java", "pom.xml");
        assertStarts(linen("run"));
        Files.setLastModifiedTime(project.resolve("target/linen.jar"), FileTime.from(Instant.now().minusSeconds(60)));
        assertStarts(linen("run"));
        assertEquals(1, builds());
        Files.delete(project.resolve("src/main/B.java"));
        assertStarts(linen("run"));
        assertEquals(2, builds());
    }

    @ParameterizedTest
    @ValueSource(strings = {"target/linen.jar", "target/lib"})
    void run_builtFileRemoved_buildsAgain(String built) throws IOException, InterruptedException {
        assertStarts(linen("run"));
        Files.delete(project.resolve(built));
        assertStarts(linen("run"));
        assertEquals(2, builds());
    }

    @Test
    void run_failedBuild_showsItAndTrustsNoJar() throws IOException, InterruptedException {
        maven("echo what Maven says; exit 1\n");
        Command.Result result = linen("run").run();
        assertEquals(1, result.exitStatus(), result::toString);
        assertTrue(result.err().endsWith("what Maven says\nlinen: the build failed, see above\n"), result::toString);
        assertFalse(Files.exists(project.resolve("target/linen.jar")));
        maven("");
        assertStarts(linen("run"));
        assertEquals(2, builds());
    }

    @Test
    void run_buildKilledAtOnce_buildsAgain() throws IOException, InterruptedException {
        assertStarts(linen("run"));
        Files.createFile(project.resolve("target/.building")); // what a kill -9 leaves
        assertStarts(linen("run"));
        assertStarts(linen("run"));
        assertEquals(2, builds());
    }

    @Test
    void run_killedBuild_trustsNoJar() throws IOException, InterruptedException {
        maven("kill -INT $PPID; sleep 0.2; exit 130\n"); // like Ctrl-C: the JVM exits by itself, not by the signal
        Command.Result result = linen("run").run();
        assertTrue(result.exitStatus() != 0, result::toString);
        assertFalse(Files.exists(project.resolve("target/linen.jar")));
    }

    @Test
    void run_builtWithoutMavenOrCompiler_starts() throws IOException, InterruptedException {
        assertStarts(linen("run"));
        Files.delete(tools.resolve("mvn"));
        Files.delete(tools.resolve("cc"));
        assertStarts(linen("run"));
    }

    @Test
    void run_noMaven_namesThePackage() throws IOException, InterruptedException {
        Files.delete(tools.resolve("mvn"));
        assertRefused("apt-get install maven", linen("run"));
    }

    @Test
    void run_noCompiler_namesThePackage() throws IOException, InterruptedException {
        Files.delete(tools.resolve("cc"));
        assertRefused("apt-get install gcc", linen("run"));
        assertRefused("no C compiler (nocc -m64) ", linen("run").with("CC", "nocc -m64"));
        assertEquals(0, builds());
    }

    @Test
    void run_compilerWithArguments_builds() throws IOException, InterruptedException {
        Files.move(tools.resolve("cc"), tools.resolve("gcc-9"));
        assertStarts(linen("run").with("CC", "gcc-9 -m64"));
    }

    @ParameterizedTest
    @CsvSource({"17.0.9", "21.0.1", "1.8.0_392", "x", "''"})
    void run_onlyOldJdks_namesThePackage(String version) throws IOException, InterruptedException {
        jdk(folder.resolve("jdk"), version);
        jdk(folder.resolve("home/.jdks/one"), version);
        Files.createSymbolicLink(tools.resolve("java"), Path.of("../jdk/bin/java"));
        assertRefused(
                "apt-get install openjdk-25-jdk (or temurin-25-jdk), or unpack one anywhere and set JAVA_HOME to its folder",
                linenWithoutSystemJdk("run").with("JAVA_HOME", folder.resolve("jdk").toString()));
    }

    @Test
    void run_noJdkAtAll_namesThePackage() throws IOException, InterruptedException {
        assertRefused("apt-get install openjdk-25-jdk", linenWithoutSystemJdk("run"));
        assertRefused("apt-get install openjdk-25-jdk", linenWithoutSystemJdk("run").with("JAVA_HOME", "/none"));
    }

    @Test
    void doctor_nothingMissing_asksTheCommandLine() throws IOException, InterruptedException {
        assertStarts(linen("doctor"));
    }

    @Test
    void doctor_noMavenAndNoCompiler_namesBothPackages() throws IOException, InterruptedException {
        Files.delete(tools.resolve("mvn"));
        assertMissing(linen("doctor"), "maven");
        Files.delete(tools.resolve("cc"));
        assertMissing(linen("doctor"), "maven", "gcc libc6-dev");
        assertMissing(linen("doctor", "--json"), "maven", "gcc libc6-dev");
        assertRefused("apt-get install maven", linen("doctor", "--help"));
    }

    @Test
    void doctor_onlyOldJdks_namesThePackageAndWhatElseIsMissing() throws IOException, InterruptedException {
        jdk(folder.resolve("jdk"), "17.0.9");
        Files.delete(tools.resolve("cc"));
        assertMissing(linenWithoutSystemJdk("doctor").with("JAVA_HOME", folder.resolve("jdk").toString()),
                "openjdk-25-jdk", "gcc libc6-dev");
        assertEquals(0, builds());
    }

    @Test
    void doctor_builtWithoutMavenOrCompiler_starts() throws IOException, InterruptedException {
        assertStarts(linen("run"));
        Files.delete(tools.resolve("mvn"));
        Files.delete(tools.resolve("cc"));
        assertStarts(linen("doctor"));
    }

    @Test
    void run_severalJdks_takesTheNewest() throws IOException, InterruptedException {
        for (String version : List.of("9", "23", "26-ea", "24.0.1")) {
            jdk(folder.resolve("home/.jdks/jdk-" + version), version);
        }
        jdk(folder.resolve("home/.jdks/jre"), "27");
        Files.delete(folder.resolve("home/.jdks/jre/bin/javac"));
        Command.Result result = linenWithoutSystemJdk("run").run();
        assertTrue(result.out().startsWith("<" + folder + "/home/.jdks/jdk-26-ea/bin/java>\n"), result::toString);
    }

    @Test
    void run_javaOnPathIsNewEnough_isTaken() throws IOException, InterruptedException {
        jdk(folder.resolve("home/.jdks/newer"), "99");
        jdk(folder.resolve("jdk"), "22");
        Files.createSymbolicLink(tools.resolve("java"), Path.of("../jdk/bin/java"));
        Command.Result result = linen(List.of(), "run").run();
        assertTrue(result.out().startsWith("<" + folder + "/jdk/bin/java>\n"), result::toString);
    }

    @Test
    void run_throughLinksFromAnotherFolder_findsItsHome() throws IOException, InterruptedException {
        Path elsewhere = Files.createDirectories(folder.resolve("else/where"));
        Files.createSymbolicLink(elsewhere.resolve("one"), Path.of("../../project/linen"));
        Files.createSymbolicLink(elsewhere.resolve("two"), Path.of("one"));
        Command.Result result = Command.of("./two", "run").in(elsewhere).with("PATH", tools.toString())
                .with("JAVA_HOME", folder.resolve("jdk").toString()).run();
        assertTrue(result.out().contains("<" + project + "/target/linen.jar:" + project + "/target/lib>\n"),
                result::toString);
        assertFalse(Files.exists(elsewhere.resolve("target")));
    }

    @Test
    void run_oddArguments_passesThemAsTyped() throws IOException, InterruptedException {
        Command.Result result = linen("run", "a b", "", "*", "\"", "$HOME", "-5", "--", "\\n").run();
        assertTrue(result.out().endsWith("<run>\n<a b>\n<>\n<*>\n<\">\n<$HOME>\n<-5>\n<-->\n<\\n>\n"),
                result::toString);
    }

    @Test
    void run_toolOptions_giveTheBuildItsOwnTemporaryFolder() throws IOException, InterruptedException {
        maven("echo \"$JAVA_TOOL_OPTIONS\" >options; echo \"$TMPDIR\" >>options\n");
        script(folder.resolve("jdk/bin/java"), "#!/bin/sh\necho \"$JAVA_TOOL_OPTIONS\"\n");
        Command.Result result = linen("run").with("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=/ro").run();
        assertEquals("-Djava.io.tmpdir=/ro\n", result.out());
        String own = project + "/target/tmp";
        assertEquals(List.of("-Djava.io.tmpdir=/ro '-Djava.io.tmpdir=" + own + "'", own),
                Files.readAllLines(project.resolve("options")));
    }

    @Test
    void run_environmentChoosesAJvm_leavesTheChoice() throws IOException, InterruptedException {
        String own = "<-XX:+UseSerialGC>\n<-XX:TieredStopAtLevel=1>\n";
        assertTrue(linen("run").run().out().contains(own));
        assertTrue(linen("run").with("JAVA_TOOL_OPTIONS", "-Dx=y").run().out().contains(own));
        for (String variable : List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")) {
            for (String chosen : List.of("-XX:+UseZGC", "-Dx=y -Xint", "@options")) {
                assertFalse(linen("run").with(variable, chosen).run().out().contains("<-XX:"), variable + chosen);
            }
        }
    }

    @Test
    void run_columns_arePassedOn() throws IOException, InterruptedException {
        assertTrue(linen("run").run().out().contains("<-Dlinen.columns=>\n"));
        assertTrue(linen("run").with("COLUMNS", "123").run().out().contains("<-Dlinen.columns=123>\n"));
    }

    @Test
    void shell_withArguments_startsJshell() throws IOException, InterruptedException {
        Command.Result result = linen("shell", "-s", "a file").run();
        assertTrue(result.out().startsWith("<" + folder + "/jdk/bin/jshell>\n"), result::toString);
        assertTrue(result.out().contains("<--startup>\n<" + project + "/src/main/jshell/linen.jsh>\n"),
                result::toString);
        assertTrue(result.out().endsWith("<-s>\n<a file>\n"), result::toString);
    }

    @Test
    void shell_help_asksTheCommandLine() throws IOException, InterruptedException {
        assertStarts(linen("shell", "--help"));
    }
}
