package dev.linen.internal.stack;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The slots of one slab: those that are cold, and how many there are. Guarded by the pool's lock, but for what says
 * otherwise.
 */
final class SlabSlots {

    private final StackSlab slab;

    /** How many have been made; the others of the slab have never been used. */
    private int made;

    /** The first of the cold ones, a list by {@link StackSlot#next}, and how many they are. */
    private @Nullable StackSlot cold;
    private int coldSlots;

    /** The next one on the list of a shelf. */
    @Nullable
    SlabSlots older;

    SlabSlots(StackSlab slab) {
        this.slab = slab;
    }

    StackSlab slab() {
        return slab;
    }

    boolean hasRoom() {
        return coldSlots > 0 || made < slab.slots();
    }

    /** Puts a slot that nobody uses into a lease. Only if there is room. */
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

    /** Takes slots back. Nothing is called, so nothing can be thrown. */
    void giveCold(Cooling own) {
        for (StackSlot slot = own.some; slot != null;) {
            StackSlot next = slot.next;
            slot.next = cold;
            cold = slot;
            coldSlots++;
            slot = next;
        }
        own.some = null;
    }

    /** Whether none of its slots is in use, warm or cooling, but for those of a list by {@link StackSlot#next}. */
    boolean isIdleBut(@Nullable StackSlot some) {
        int idle = coldSlots;
        for (StackSlot slot = some; slot != null; slot = slot.next) {
            idle++;
        }
        return idle == made;
    }

    /**
     * Discards the pages of slots of one slab, a list by {@link StackSlot#next}: neighbours together. Without the lock.
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
