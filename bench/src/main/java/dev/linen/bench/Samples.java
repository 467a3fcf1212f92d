package dev.linen.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The figures of one thing, one from each round. */
final class Samples {

    private final List<Double> sorted = new ArrayList<>();

    void add(double figure) {
        sorted.add(figure);
        Collections.sort(sorted);
    }

    double median() {
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    double least() {
        return sorted.getFirst();
    }

    double most() {
        return sorted.getLast();
    }
}
