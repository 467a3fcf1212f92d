package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

class SamplesTest {

    @Test
    void samples_evenAndOdd_haveAMedian() {
        Samples samples = new Samples();
        for (double figure : new double[]{5, 1, 4}) {
            samples.add(figure);
        }
        assertEquals(4, samples.median());
        samples.add(2);
        assertEquals(List.of(3.0, 1.0, 5.0), List.of(samples.median(), samples.least(), samples.most()));
    }
}
