package dev.linen.internal.registry;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

import dev.linen.internal.registry.KeptMemory.Range;

/** The anonymous memory that linen has filled with machine code. It stays mapped for the life of the process. */
public final class CodeMemory {

    /** The sizes in bytes, by start address. */
    private static final ConcurrentNavigableMap<Long, Long> SIZES = new ConcurrentSkipListMap<>();

    private CodeMemory() {}

    /** Must be called after the memory was made executable. */
    public static void add(long address, long bytes) {
        SIZES.put(address, bytes);
    }

    /** Returns the start of the code that contains an address; empty if linen has no code there. */
    public static OptionalLong beginOf(long address) {
        Map.Entry<Long, Long> below = SIZES.floorEntry(address);
        return below != null && address - below.getKey() < below.getValue()
                ? OptionalLong.of(below.getKey())
                : OptionalLong.empty();
    }

    /** Returns all ranges, lowest address first. */
    public static List<Range> ranges() {
        return SIZES.entrySet().stream().map(code -> new Range(code.getKey(), code.getKey() + code.getValue()))
                .toList();
    }

    /** Removes code that is going to be unmapped. */
    public static void remove(long address) {
        SIZES.remove(address);
    }
}
