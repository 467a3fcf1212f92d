package dev.linen.internal.stack;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The slabs of one geometry in a pool, and their warm slots. Not thread-safe: {@link SlotPool} uses it while it holds
 * its lock.
 */
final class StackShelf {

    private final StackGeometry geometry;

    /** In order of age, newest last. */
    private final List<SlabSlots> slabs = new ArrayList<>();

    /** The first slot of a list by {@link StackSlot#olderAlike}. */
    @Nullable
    StackSlot newestWarm;

    StackShelf(StackGeometry geometry) {
        this.geometry = geometry;
    }

    StackGeometry geometry() {
        return geometry;
    }

    /** Returns the newest slab with a slot that is neither in use nor warm; null if there is none. */
    @Nullable
    SlabSlots slabWithRoom() {
        for (int i = slabs.size() - 1; i >= 0; i--) {
            if (slabs.get(i).hasRoom()) {
                return slabs.get(i);
            }
        }
        return null;
    }

    /** Returns the total size of the slabs. */
    long slabBytes() {
        long bytes = 0;
        for (SlabSlots each : slabs) {
            bytes += each.slab().byteSize();
        }
        return bytes;
    }

    SlabSlots slotsOf(StackSlab slab) {
        for (SlabSlots each : slabs) {
            if (each.slab() == slab) {
                return each;
            }
        }
        throw new IllegalArgumentException("the slab isn't on this shelf, so it has been retired");
    }

    void add(StackSlab slab) {
        slabs.add(new SlabSlots(slab));
    }

    void remove(SlabSlots slots) {
        slabs.remove(slots);
    }

    boolean isEmpty() {
        return slabs.isEmpty();
    }
}
