package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run with tiny numbers: everything is measured and reported, whatever the figures are. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BenchIT {

    private static final Path OUTPUT = Path.of("target", "tiny");
    private static final Path DOCS = Path.of("target", "tiny-docs");

    private List<String[]> rows = List.of();
    private String report = "";

    @BeforeAll
    void measure() throws IOException, InterruptedException {
        report = Files.readString(
                Bench.run(new Options(Effort.TINY, Optional.of(DOCS), Set.of()), Path.of("target", "native"), OUTPUT));
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

    @ParameterizedTest
    @ValueSource(strings = {"ratios.svg", "growth.svg", "latency.svg", "wake-up-one-cpu.svg", "wake-up-all-cpus.svg"})
    void report_plots_areSmallOnWhite_andInTheDocsToo(String plot) throws IOException {
        assertTrue(report.contains("(" + plot + ")"), report);
        String svg = Files.readString(OUTPUT.resolve(plot));
        assertTrue(svg.lines().skip(1).findFirst().orElse("").matches("<rect x=\"0\" y=\"0\" .* fill=\"white\"/>"),
                svg);
        assertTrue(svg.length() < 100_000, plot + " has " + svg.length() + " bytes");
        assertEquals(svg, Files.readString(DOCS.resolve(plot)));
    }

    @Test
    void report_isInTheDocs() throws IOException {
        assertEquals(report, Files.readString(DOCS.resolve("report.md")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"## Every single create", "## Wake-up latency, one CPU",
            "## Wake-up latency, all CPUs", "## A round trip", "## Wakes and waits that return at once",
            "## A mapping's operations", "## What remains after 1,000 create + join + close"})
    void report_eachTable_isFull(String title) {
        int begin = report.indexOf(title);
        assertTrue(begin >= 0, report);
        List<String> table = report.substring(begin).lines().skip(2).takeWhile(line -> line.startsWith("|")).toList();
        assertTrue(table.size() > 2, report);
        for (String line : table.subList(2, table.size())) { // after the titles
            String[] cells = line.split(" *\\| *", -1);
            assertTrue(!cells[2].isEmpty() && !cells[3].isEmpty(), report); // C's and linen's, or before and after
        }
    }

    @Test
    void report_callsOfACreation_areCounted() {
        assertTrue(report.lines().anyMatch(line -> line.matches("- linen: \\d in the parent \\(rt_sigprocmask, clone.*"
                + "in the child \\(sigaltstack, exit\\)")), report);
    }
}
