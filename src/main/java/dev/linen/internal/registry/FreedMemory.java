package dev.linen.internal.registry;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The memory that was unmapped last, so that a fault report can say what was at the address. */
public final class FreedMemory {

    private static final int REMEMBERED = 64;
    private static final AtomicReferenceArray<Freed> LAST = new AtomicReferenceArray<>(REMEMBERED);
    private static final AtomicInteger COUNT = new AtomicInteger();

    /**
     * An unmapped range of memory.
     *
     * @param what its kind: "Mapping", ...
     */
    public record Freed(String what, long address, long bytes) {

        boolean contains(long place) {
            return place - address >= 0 && place - address < bytes;
        }
    }

    private FreedMemory() {}

    /** Must be called after the memory was unmapped. */
    public static void add(String what, long address, long bytes) {
        LAST.set(Math.floorMod(COUNT.getAndIncrement(), REMEMBERED), new Freed(what, address, bytes));
    }

    /** Returns the most recently unmapped range that contains an address. */
    public static Optional<Freed> at(long address) {
        int count = COUNT.get();
        for (int i = count - 1; i >= count - REMEMBERED; i--) {
            Freed freed = LAST.get(Math.floorMod(i, REMEMBERED));
            if (freed != null && freed.contains(address)) {
                return Optional.of(freed);
            }
        }
        return Optional.empty();
    }
}
