package dev.linen.internal.stack;

import org.jspecify.annotations.Nullable;

/** What a pool has of one geometry: its slabs, and their warm slots. Guarded by the pool's lock. */
final class StackShelf {

    private final StackGeometry geometry;

    /** The newest slab, the first of a list by {@link SlabSlots#older}. */
    private @Nullable SlabSlots newest;

    /** The newest warm slot, the first of a list by {@link StackSlot#olderAlike}. */
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
        SlabSlots slots = newest;
        while (slots != null && !slots.hasRoom()) {
            slots = slots.older;
        }
        return slots;
    }

    /** A slab without a slot that is in use, warm or cooling; null if there is none. */
    @Nullable
    SlabSlots idleSlab() {
        SlabSlots slots = newest;
        while (slots != null && !slots.isIdleBut(null)) {
            slots = slots.older;
        }
        return slots;
    }

    /** The size of its slabs, together. */
    long slabBytes() {
        long bytes = 0;
        for (SlabSlots slots = newest; slots != null; slots = slots.older) {
            bytes += slots.slab().byteSize();
        }
        return bytes;
    }

    SlabSlots slotsOf(StackSlab slab) {
        SlabSlots slots = newest;
        while (slots != null && slots.slab() != slab) {
            slots = slots.older;
        }
        if (slots == null) {
            throw new IllegalArgumentException("this slab is on no shelf");
        }
        return slots;
    }

    void add(StackSlab slab) {
        SlabSlots slots = new SlabSlots(slab);
        // Nothing is called from here on, so nothing can be thrown.
        slots.older = newest;
        newest = slots;
        slab.shelved = true;
    }

    /** Takes a slab off, which is to be unmapped with these slots. */
    void retire(SlabSlots slots, Cooling own) {
        StackSlab slab = slots.slab();
        // Nothing is called from here on, so nothing can be thrown.
        if (newest == slots) {
            newest = slots.older;
        } else {
            SlabSlots newer = newest;
            while (newer != null && newer.older != slots) {
                newer = newer.older;
            }
            if (newer != null) {
                newer.older = slots.older;
            }
        }
        own.retired = slab;
        own.some = null;
    }

    boolean isEmpty() {
        return newest == null;
    }
}
