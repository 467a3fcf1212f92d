package dev.linen.internal.stack;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/** What a pool has of one geometry: its slabs, and their warm slots. Not synchronised: {@link SlotPool} uses it under its lock. */
final class StackShelf {

    private final StackGeometry geometry;

    /** Newest last. */
    private final List<StackSlab> slabs = new ArrayList<>();

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
    StackSlab slabWithRoom() {
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
        for (StackSlab slab : slabs) {
            bytes += slab.byteSize();
        }
        return bytes;
    }

    void add(StackSlab slab) {
        slab.setShelf(this);
        slabs.add(slab);
    }

    void remove(StackSlab slab) {
        slabs.remove(slab);
    }

    boolean isEmpty() {
        return slabs.isEmpty();
    }
}
