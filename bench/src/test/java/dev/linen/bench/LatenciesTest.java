package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

class LatenciesTest {

    private static final int MANY = 100_000;

    /** The numbers from 1, shuffled. */
    private static Latencies upTo(int many) {
        List<Integer> shuffled = new ArrayList<>(IntStream.rangeClosed(1, many).boxed().toList());
        Collections.shuffle(shuffled, new Random(1));
        Latencies latencies = new Latencies();
        shuffled.forEach(latencies::add);
        return latencies;
    }

    @Test
    void percentile_ofManyInNoOrder_isWhatThatShareDoesNotExceed() {
        Latencies latencies = upTo(MANY);
        assertEquals(List.of(1.0, 50_000.0, 90_000.0, 99_900.0, 100_000.0),
                List.of(0.0, 0.5, 0.9, 0.999, 1.0).stream().map(latencies::percentile).toList());
    }

    @Test
    void percentile_afterMoreWereAdded_countsThem() {
        Latencies latencies = upTo(3);
        assertEquals(2, latencies.percentile(0.5));
        latencies.addAll(upTo(1));
        latencies.add(1);
        assertEquals(1, latencies.percentile(0.5));
        assertEquals(5, latencies.count());
    }

    @Test
    void percentile_ofNone_isRefused() {
        assertThrows(IllegalStateException.class, () -> new Latencies().percentile(0.5));
    }

    @Test
    void curve_risesToTheMost_inFewPoints() {
        Map<Double, Double> curve = upTo(MANY).curve();
        assertEquals(curve.values().stream().sorted().toList(), List.copyOf(curve.values()));
        assertEquals(1, curve.get(0.0));
        assertEquals(MANY, Collections.max(curve.values()));
        assertTrue(curve.size() < 100, curve.size() + " points");
    }
}
