package dev.linen.internal.stack;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The cold slots of one slab, and the number of its slots. Guarded by the pool's lock, except where stated otherwise.
 */
final class SlabSlots {

    private final StackSlab slab;

    /** The number of slots that have been created. The rest of the slab has never been used. */
    private int made;

    /** The first cold slot, of a list by {@link StackSlot#next}, and the number of cold slots. */
    private @Nullable StackSlot cold;
    private int coldSlots;

    SlabSlots(StackSlab slab) {
        this.slab = slab;
    }

    StackSlab slab() {
        return slab;
    }

    boolean hasRoom() {
        return coldSlots > 0 || made < slab.slots();
    }

    /** Puts an unused slot into a lease. There must be room. */
    void takeInto(StackLease lease) {
        StackSlot slot = cold;
        if (slot == null) {
            slot = new StackSlot(slab, made);
            made++;
        } else {
            cold = slot.next;
            coldSlots--;
            slot.next = null;
        }
        lease.slot = slot;
    }

    /**
     * Adds slots to the cold ones; they are a list by {@link StackSlot#next}. No method is called, so nothing can be
     * thrown.
     */
    void giveCold(StackSlot some) {
        for (StackSlot slot = some; slot != null;) {
            StackSlot next = slot.next;
            slot.next = cold;
            cold = slot;
            coldSlots++;
            slot = next;
        }
    }

    /** Returns whether all slots are cold, except for those of a list by {@link StackSlot#next}. */
    boolean isIdleBut(StackSlot some) {
        int idle = coldSlots;
        for (StackSlot slot = some; slot != null; slot = slot.next) {
            idle++;
        }
        return idle == made;
    }

    /**
     * Discards the pages of slots of one slab, which are a list by {@link StackSlot#next}. One call discards those of
     * neighbouring slots. Called without the lock.
     */
    static void discard(StackSlot some) {
        List<StackSlot> sorted = new ArrayList<>();
        for (StackSlot slot = some; slot != null; slot = slot.next) {
            sorted.add(slot);
        }
        sorted.sort(Comparator.comparingInt(slot -> slot.index));
        int first = sorted.getFirst().index;
        int end = first;
        for (StackSlot slot : sorted) {
            if (slot.index != end) {
                some.slab.discard(first, end - first);
                first = slot.index;
            }
            end = slot.index + 1;
        }
        some.slab.discard(first, end - first);
    }
}
