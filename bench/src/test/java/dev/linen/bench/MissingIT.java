package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is missing is named with the reason, and the rest is measured all the same. */
class MissingIT {

    private static final Path PROGRAMS = Path.of("target", "native");

    @TempDir
    private Path folder;

    @Test
    void peerWithoutItsJar_isMissing_othersAreMeasured() throws IOException, InterruptedException {
        String path = System.getProperty("java.class.path");
        String withoutJna = Arrays.stream(path.split(File.pathSeparator))
                .filter(jar -> !jar.matches(".*/jna-[^/]*\\.jar")).collect(Collectors.joining(File.pathSeparator));
        System.setProperty("java.class.path", withoutJna); // the measured JVMs are started with it
        try {
            String report = run("p2", PROGRAMS);
            assertEquals(List.of("JNA (direct mapping)", "JNA no-op (direct mapping), one argument",
                    "JNA no-op (direct mapping), seven arguments", "JNA no-op (interface), one argument"),
                    missing(report).stream().map(line -> line.replaceFirst("- (.*): .*NoClassDefFoundError: .*", "$1"))
                            .toList());
            assertEquals(3, verdicts(report, "P2", "not measured"), report);
            assertEquals(7, rows(report, "P2"), report);
        } finally {
            System.setProperty("java.class.path", path);
        }
    }

    @Test
    void programs_withoutACompiler_areMissing() throws IOException, InterruptedException {
        String report = run("p4", folder.resolve("nothing"));
        assertTrue(missing(report).contains("- pthread: create wasn't compiled: no C compiler when bench was built"),
                report);
        assertTrue(missing(report).contains("- linen: exit status 1: java.lang.IllegalStateException: "
                + "functions.so wasn't compiled: no C compiler when bench was built"), report);
        assertEquals(1, verdicts(report, "P4", "not measured"), report);
    }

    /** CC may be set by the user of the launcher. */
    @Test
    void build_withoutACompiler_saysSoAndEndsWell() throws IOException, InterruptedException {
        ProcessBuilder build = new ProcessBuilder("src/main/c/build", folder.resolve("native").toString());
        build.environment().put("CC", "no-such-compiler -O3");
        Process process = build.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
        assertEquals("no C compiler (no-such-compiler -O3): the report will name what is missing without one\n", said);
    }

    @Test
    void arm_programThatFails_isMissingWithItsReason() throws InterruptedException {
        Arm arm = new ProgramArm("failing", List.of("sh", "-c", "echo it broke >&2; exit 3"));
        Rounds rounds = Rounds.run(new Progress(System.out), Rounds.Place.ALL_CPUS, 2, List.of(arm));
        assertEquals("{failing=exit status 3: it broke}", rounds.missing().toString());
        assertEquals(List.of(), rounds.labels("failing"));
    }

    @Test
    void arm_programThatIsNotInstalled_isMissing() throws InterruptedException {
        Arm arm = new ProgramArm("unknown", List.of("no-such-program"));
        Rounds rounds = Rounds.run(new Progress(System.out), Rounds.Place.ALL_CPUS, 1, List.of(arm));
        assertEquals("{unknown=no-such-program isn't installed}", rounds.missing().toString());
    }

    private String run(String word, Path programs) throws IOException, InterruptedException {
        Options options = new Options(Effort.TINY, Optional.empty(), Set.of(word));
        return Files.readString(Bench.run(options, programs, folder.resolve("report")));
    }

    private static List<String> missing(String report) {
        return report.substring(report.indexOf("## Missing")).lines().skip(2).takeWhile(line -> line.startsWith("- "))
                .toList();
    }

    private static long verdicts(String report, String target, String verdict) {
        return report.lines().filter(line -> line.startsWith("| " + target + " ") && line.endsWith(verdict + " |"))
                .count();
    }

    private static long rows(String report, String target) {
        return report.lines().filter(line -> line.startsWith("| " + target + " ")).count();
    }
}
