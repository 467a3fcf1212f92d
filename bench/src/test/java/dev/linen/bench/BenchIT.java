package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A run with tiny numbers: everything is measured and written down, whatever comes out. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BenchIT {

    private static final Path OUTPUT = Path.of("target", "tiny");

    private List<String[]> rows = List.of();
    private String report = "";

    @BeforeAll
    void measure() throws IOException, InterruptedException {
        report = Files.readString(
                Bench.run(Effort.TINY, EnumSet.allOf(Target.class), Path.of("target", "native"), OUTPUT));
        rows = report.lines().filter(line -> line.matches("\\| P\\d+ .*"))
                .map(line -> line.split(" *\\| *", -1)).toList();
    }

    @Test
    void report_eachTarget_hasAVerdict() {
        for (Target target : Target.values()) {
            List<String> verdicts = verdicts(target).toList();
            assertTrue(verdicts.contains("met") || verdicts.contains("**missed**"), () -> target + " in " + report);
            assertTrue(!verdicts.contains("not measured"), () -> target + " in " + report);
        }
    }

    private Stream<String> verdicts(Target target) {
        return rows.stream().filter(row -> row[1].equals(target.name())).map(row -> row[row.length - 2]);
    }

    @Test
    void report_whatIsMissing_isNamed() {
        String missing = report.substring(report.indexOf("## Missing"));
        assertEquals("Nothing.", missing.lines().skip(2).findFirst().orElse(""), report);
    }

    @Test
    void report_plots_areThere() throws IOException {
        for (String plot : List.of("ratios.svg", "growth.svg")) {
            assertTrue(report.contains("(" + plot + ")"), report);
            assertTrue(Files.readString(OUTPUT.resolve(plot)).contains("<svg"), plot);
        }
    }

    @Test
    void report_callsOfACreation_areCounted() {
        assertTrue(report.lines().anyMatch(line -> line.matches("- linen: \\d in the parent \\(rt_sigprocmask, clone.*"
                + "in the child \\(sigaltstack, exit\\)")), report);
    }

    @Test
    void arm_programThatFails_isMissingWithItsReason() throws InterruptedException {
        Arm arm = new ProgramArm("failing", List.of("sh", "-c", "echo it broke >&2; exit 3"));
        Rounds rounds = Rounds.run(new Progress(System.out), Rounds.Place.ALL_CPUS, 2, List.of(arm));
        assertEquals("{failing=exit status 3: it broke}", rounds.missing().toString());
        assertEquals(List.of(), rounds.labels("failing"));
    }

    @Test
    void samples_evenAndOdd_haveAMedian() {
        Samples samples = new Samples();
        for (double figure : new double[]{5, 1, 4}) {
            samples.add(figure);
        }
        assertEquals(4, samples.median());
        samples.add(2);
        assertEquals(List.of(3.0, 1.0, 5.0), Arrays.asList(samples.median(), samples.least(), samples.most()));
    }
}
