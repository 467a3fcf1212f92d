package dev.linen.internal.registry;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/** The memory that linen keeps mapped for future threads, so that a leak check can ignore it. */
public final class KeptMemory {

    /** The ranges, by owner. If the owner is garbage collected, its memory is unmapped too. */
    private static final Map<Object, Range> RANGES = Collections.synchronizedMap(new WeakHashMap<>());

    /** A range of addresses, from start (inclusive) to end (exclusive). */
    public record Range(long start, long end) {}

    private KeptMemory() {}

    /** Must be called after the memory was mapped. */
    public static void add(Object owner, long address, long bytes) {
        RANGES.put(owner, new Range(address, address + bytes));
    }

    /** Must be called before the memory is unmapped. */
    public static void remove(Object owner) {
        RANGES.remove(owner);
    }

    /** Returns all ranges, in no particular order. */
    public static List<Range> ranges() {
        synchronized (RANGES) {
            return List.copyOf(RANGES.values());
        }
    }
}
