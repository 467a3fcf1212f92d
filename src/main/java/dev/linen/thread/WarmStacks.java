package dev.linen.thread;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/** Stacks with the pages that their last threads touched. Not synchronised: {@link StackPool} calls it under its lock. */
final class WarmStacks {

    /** A larger stack serves if it isn't more than this many times too large. */
    private static final int BEST_FIT_FACTOR = 2;

    /** Oldest first. */
    private final LinkedHashSet<StackSlot> byAge = new LinkedHashSet<>();

    /** Newest first. */
    private final Map<StackGeometry, Deque<StackSlot>> byGeometry = new HashMap<>();

    private long bytes;

    /** The size of all stacks, whether their pages are in memory or not. */
    long bytes() {
        return bytes;
    }

    void add(StackSlot slot) {
        byAge.add(slot);
        byGeometry.computeIfAbsent(slot.geometry(), geometry -> new ArrayDeque<>()).push(slot);
        bytes += slot.geometry().stackBytes();
    }

    /** One with at least these sizes; the one used last, because its pages are the likeliest to be in the CPU's cache. */
    @Nullable
    StackSlot take(StackGeometry wanted) {
        Deque<StackSlot> exact = byGeometry.get(wanted);
        Deque<StackSlot> fitting = exact == null || exact.isEmpty() ? bestFit(wanted) : exact;
        if (fitting == null) {
            return null;
        }
        StackSlot slot = fitting.removeFirst();
        byAge.remove(slot);
        bytes -= slot.geometry().stackBytes();
        return slot;
    }

    private @Nullable Deque<StackSlot> bestFit(StackGeometry wanted) {
        Map.Entry<StackGeometry, Deque<StackSlot>> best = null;
        for (Map.Entry<StackGeometry, Deque<StackSlot>> entry : byGeometry.entrySet()) {
            StackGeometry has = entry.getKey();
            if (!entry.getValue().isEmpty() && has.pages().equals(wanted.pages())
                    && has.stackBytes() >= wanted.stackBytes()
                    && has.guardBytes() >= wanted.guardBytes()
                    && has.totalBytes() <= BEST_FIT_FACTOR * wanted.totalBytes()
                    && (best == null || has.totalBytes() < best.getKey().totalBytes())) {
                best = entry;
            }
        }
        return best == null ? null : best.getValue();
    }

    /**
     * Takes out the oldest until no more than so many bytes are left; and then more of them, as many as fit into the further bytes,
     * because the next ones would follow soon, and several at once cost less.
     */
    List<StackSlot> evict(long mostBytes, long furtherBytes) {
        List<StackSlot> evicted = new ArrayList<>();
        while (bytes > mostBytes) {
            evicted.add(takeOldest());
        }
        long least = bytes - furtherBytes;
        while (!byAge.isEmpty() && bytes - byAge.getFirst().geometry().stackBytes() >= least) {
            evicted.add(takeOldest());
        }
        return evicted;
    }

    private StackSlot takeOldest() {
        StackSlot oldest = byAge.removeFirst();
        Objects.requireNonNull(byGeometry.get(oldest.geometry())).removeLast();
        bytes -= oldest.geometry().stackBytes();
        return oldest;
    }

    /** There are none of it: a program may come along with ever new sizes. */
    void forget(StackGeometry geometry) {
        byGeometry.remove(geometry);
    }
}
