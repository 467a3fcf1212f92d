package dev.linen.internal.stack;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/** What a pool has of one geometry: its slabs, and their warm slots. Not synchronised: {@link SlotPool} uses it under its lock. */
final class StackShelf {

    private final StackGeometry geometry;

    /** Newest last. */
    private final List<SlabSlots> slabs = new ArrayList<>();

    /** The first of a list by {@link StackSlot#olderAlike}. */
    @Nullable
    StackSlot newestWarm;

    StackShelf(StackGeometry geometry) {
        this.geometry = geometry;
    }

    StackGeometry geometry() {
        return geometry;
    }

    /** The newest slab with a slot that is neither in use nor warm; null if there is none. */
    @Nullable
    SlabSlots slabWithRoom() {
        for (int i = slabs.size() - 1; i >= 0; i--) {
            if (slabs.get(i).hasRoom()) {
                return slabs.get(i);
            }
        }
        return null;
    }

    /** How large its slabs are, together. */
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
        throw new IllegalArgumentException("this slab is on no shelf");
    }

    void add(StackSlab slab) {
        slabs.add(new SlabSlots(slab));
        slab.shelved = true;
    }

    void remove(SlabSlots slots) {
        slabs.remove(slots);
    }

    boolean isEmpty() {
        return slabs.isEmpty();
    }
}
