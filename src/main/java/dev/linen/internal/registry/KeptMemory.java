package dev.linen.internal.registry;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/** What linen has mapped for itself, and keeps for threads to come: so that who looks for leaks can tell it from them. */
public final class KeptMemory {

    /** By owner: with that, the memory is gone, too. */
    private static final Map<Object, Range> RANGES = Collections.synchronizedMap(new WeakHashMap<>());

    /** Addresses, the second of them no longer in it. */
    public record Range(long start, long end) {}

    private KeptMemory() {}

    /** To be called after it was mapped. */
    public static void add(Object owner, long address, long bytes) {
        RANGES.put(owner, new Range(address, address + bytes));
    }

    /** To be called before it is unmapped. */
    public static void remove(Object owner) {
        RANGES.remove(owner);
    }

    /** In no order. */
    public static List<Range> ranges() {
        synchronized (RANGES) {
            return List.copyOf(RANGES.values());
        }
    }
}
