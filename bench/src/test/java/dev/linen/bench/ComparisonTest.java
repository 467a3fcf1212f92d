package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;

class ComparisonTest {

    @Test
    void row_withAndWithoutABaseline_hasARatioOrNone() {
        Comparison comparison = new Comparison("what", List.of("C", "linen", "JDK"));
        Map<String, Double> figures = Map.of("C", 200.0, "linen", 250.0);
        comparison.row("both", Unit.NANOSECONDS, way -> Optional.ofNullable(figures.get(way)).map(ComparisonTest::one));
        comparison.row("none", Unit.NANOSECONDS, way -> Optional.empty());
        assertEquals(List.of("| what | C | linen | JDK | linen / C |", "|---|---|---|---|---|",
                "| both | 200 ns | 250 ns |  | 1.250 |", "| none |  |  |  |  |"), comparison.lines());
    }

    private static Samples one(double figure) {
        Samples samples = new Samples();
        samples.add(figure);
        return samples;
    }
}
