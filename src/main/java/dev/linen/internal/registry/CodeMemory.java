package dev.linen.internal.registry;

import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** The anonymous memory that linen has filled with machine code and made executable. It stays mapped for the life of the process. */
public final class CodeMemory {

    /** Sizes in bytes, by the lowest address. */
    private static final ConcurrentNavigableMap<Long, Long> SIZES = new ConcurrentSkipListMap<>();

    private CodeMemory() {}

    /** To be called once it can be executed. */
    public static void add(long address, long bytes) {
        SIZES.put(address, bytes);
    }

    /** The lowest address of the code that an address lies in; empty when linen made none there. */
    public static OptionalLong beginOf(long address) {
        Map.Entry<Long, Long> below = SIZES.floorEntry(address);
        return below != null && address - below.getKey() < below.getValue()
                ? OptionalLong.of(below.getKey())
                : OptionalLong.empty();
    }
}
