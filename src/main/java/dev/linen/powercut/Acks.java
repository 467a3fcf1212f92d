package dev.linen.powercut;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;

/**
 * Takes down what a store has acknowledged while it is recorded.
 *
 * @param <T> what must survive: a map, a list, a count
 */
public final class Acks<T> {

    private final IntSupplier operations;
    private final List<Run.Ack> acks = new ArrayList<>();

    Acks(IntSupplier operations) {
        this.operations = operations;
    }

    /**
     * Says that the store has acknowledged something: from now on a power cut must not lose it. Call it after each call
     * of the store that has promised durability, and once before the first: states before the first acknowledgement
     * aren't verified, because it isn't known what the store must have there.
     *
     * @param value all that the store must have, as a copy that doesn't change any more
     */
    public synchronized void now(T value) {
        acks.add(new Run.Ack(operations.getAsInt(), Objects.requireNonNull(value)));
    }

    synchronized List<Run.Ack> all() {
        return List.copyOf(acks);
    }
}
