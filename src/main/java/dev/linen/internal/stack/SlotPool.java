package dev.linen.internal.stack;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import dev.linen.syscall.SyscallException;

/**
 * Slots that no thread uses, for threads to come: a start on a warm slot maps nothing.
 *
 * <pre>
 *   take ──> in a lease ──give back──> warm ──too many bytes──> cooling ──discarded──> cold ──whole slab cold──> unmapped
 *    ^            └────────────────not to be used as it is─────────^                     │
 *    └─────────────────────────────────────┴─────────────────────────────────────────────┘
 * </pre>
 *
 * <ul>
 * <li><b>warm</b>: with the pages that its last thread touched. Bounded in bytes of stack; when there are more, those
 * that have been warm for longest are evicted, several at once.
 * <li><b>cooling</b>: its pages are about to be discarded.
 * <li><b>cold</b>: without pages, but with its guards.
 * </ul>
 *
 * <p>Under the lock only lists change; system calls are issued before or after. A list is changed by plain assignments,
 * after all calls that could fail: a StackOverflowError or OutOfMemoryError leaves each slot on exactly one list, in a
 * lease, or in a {@link Cooling}. No outcome is a return value, and no list is changed by two calls one after the
 * other: HotSpot throws a StackOverflowError also where a method returns to, if that is compiled code which has become
 * invalid. The lock is the monitor of this object, because the JVM itself releases it, whatever is thrown; a
 * ReentrantLock stays locked after a StackOverflowError in its {@code unlock}.
 */
public final class SlotPool {

    /** When the bound is exceeded, this fraction of it is evicted at once: each madvise interrupts all CPUs. */
    private static final int EVICTED_AT_ONCE = 8;

    private final long mostWarmBytes;

    // All below is guarded by this.

    private final Map<StackGeometry, StackShelf> shelves = new HashMap<>();
    private long warmBytes;
    private @Nullable StackSlot newestWarm;
    private @Nullable StackSlot oldestWarm;
    private @Nullable StackSlot cooling;
    private @Nullable StackSlab retired;

    /** @param mostWarmBytes how many bytes of warm stacks it keeps */
    public SlotPool(long mostWarmBytes) {
        this.mostWarmBytes = mostWarmBytes;
    }

    /** The size of all warm stacks in bytes, whether their pages are in memory or not. */
    public synchronized long warmBytes() {
        return warmBytes;
    }

    /**
     * Takes a slot with at least these sizes, best a warm one.
     *
     * @param lease where to put it
     * @throws SyscallException of mmap, madvise, mprotect or mlock; the lease has no slot then
     */
    public StackSlot take(StackGeometry wanted, StackLease lease) {
        if (takeWarm(wanted, lease)) {
            return lease.slot();
        }
        while (!takeCold(wanted, lease)) {
            addSlab(wanted);
        }
        try {
            lease.slot().equip();
            return lease.slot();
        } catch (RuntimeException | Error refused) {
            giveBack(lease, /* warm */ false);
            throw refused;
        }
    }

    private synchronized boolean takeWarm(StackGeometry wanted, StackLease lease) {
        StackSlot slot = newestFitting(wanted);
        if (slot == null) {
            return false;
        }
        unlink(slot, lease);
        return true;
    }

    /** The slot that was used last, because its pages are the likeliest to be in the CPU's cache. */
    private @Nullable StackSlot newestFitting(StackGeometry wanted) {
        StackShelf exact = shelves.get(wanted);
        if (exact != null && exact.newestWarm != null) {
            return exact.newestWarm;
        }
        StackShelf best = null;
        for (StackShelf shelf : shelves.values()) {
            if (shelf.newestWarm != null && shelf.geometry().canServe(wanted)
                    && (best == null || shelf.geometry().totalBytes() < best.geometry().totalBytes())) {
                best = shelf;
            }
        }
        return best == null ? null : best.newestWarm;
    }

    private synchronized boolean takeCold(StackGeometry wanted, StackLease lease) {
        StackShelf shelf = shelves.get(wanted);
        SlabSlots slots = shelf == null ? null : shelf.slabWithRoom();
        if (slots == null) {
            return false;
        }
        slots.takeInto(lease);
        return true;
    }

    /** Several threads may come here at once: the first one's slab serves all. */
    private void addSlab(StackGeometry geometry) {
        StackSlab slab = StackSlab.map(geometry, slabBytes(geometry));
        try {
            offer(slab);
        } finally {
            if (!slab.shelved) {
                slab.unmap();
            }
        }
    }

    private synchronized long slabBytes(StackGeometry geometry) {
        StackShelf shelf = shelves.get(geometry);
        return shelf == null ? 0 : shelf.slabBytes();
    }

    /** Unless there is room in another slab by now. */
    private synchronized void offer(StackSlab slab) {
        StackShelf shelf = shelves.get(slab.geometry());
        if (shelf == null) { // no computeIfAbsent: creating a class for its lambda would delay the first start
            forgetEmptyShelves();
            shelf = new StackShelf(slab.geometry());
            shelves.put(slab.geometry(), shelf);
        }
        if (shelf.slabWithRoom() == null) {
            shelf.add(slab);
        }
    }

    /** A program may use ever new sizes. */
    private void forgetEmptyShelves() {
        for (Iterator<StackShelf> each = shelves.values().iterator(); each.hasNext();) {
            if (each.next().isEmpty()) {
                each.remove();
            }
        }
    }

    /**
     * Takes a slot back that no thread uses any more. Does nothing if the lease has none.
     *
     * @param warm whether the next thread may have it as it is; otherwise its pages are discarded first
     * @throws SyscallException of madvise, when the pages of slots are discarded; the slot is given back all the same
     */
    public void giveBack(StackLease lease, boolean warm) {
        boolean idle;
        synchronized (this) {
            StackSlot slot = lease.slot;
            if (slot == null) {
                return;
            }
            if (warm) {
                link(slot, lease);
                if (warmBytes > mostWarmBytes) {
                    evict(mostWarmBytes, mostWarmBytes / EVICTED_AT_ONCE);
                }
            } else {
                slot.next = cooling;
                cooling = slot;
                lease.slot = null;
            }
            idle = cooling == null && retired == null;
        }
        if (!idle) {
            coolDown(/* idleSlabs */ false);
        }
    }

    /** Gives the memory of all warm stacks back to the kernel. Those in use stay. */
    public void trim() {
        synchronized (this) {
            evict(0, 0);
        }
        coolDown(/* idleSlabs */ true);
    }

    /** Moves a slot from a lease to the lists of warm ones, as the newest. */
    private void link(StackSlot slot, StackLease lease) {
        StackShelf shelf = shelf(slot);
        long bytes = slot.geometry().stackBytes();
        StackSlot second = newestWarm;
        StackSlot secondAlike = shelf.newestWarm;
        // From here on nothing is called, so nothing can be thrown.
        slot.older = second;
        slot.olderAlike = secondAlike;
        if (second == null) {
            oldestWarm = slot;
        } else {
            second.newer = slot;
        }
        if (secondAlike != null) {
            secondAlike.newerAlike = slot;
        }
        newestWarm = slot;
        shelf.newestWarm = slot;
        warmBytes += bytes;
        lease.slot = null;
    }

    /** Moves a slot from the lists of warm ones to a lease, or to the list of cooling ones. */
    private void unlink(StackSlot slot, @Nullable StackLease lease) {
        StackShelf shelf = shelf(slot);
        long bytes = slot.geometry().stackBytes();
        StackSlot older = slot.older;
        StackSlot newer = slot.newer;
        StackSlot olderAlike = slot.olderAlike;
        StackSlot newerAlike = slot.newerAlike;
        // From here on nothing is called, so nothing can be thrown.
        if (older == null) {
            oldestWarm = newer;
        } else {
            older.newer = newer;
        }
        if (newer == null) {
            newestWarm = older;
        } else {
            newer.older = older;
        }
        if (olderAlike != null) {
            olderAlike.newerAlike = newerAlike;
        }
        if (newerAlike == null) {
            shelf.newestWarm = olderAlike;
        } else {
            newerAlike.olderAlike = olderAlike;
        }
        slot.older = null;
        slot.newer = null;
        slot.olderAlike = null;
        slot.newerAlike = null;
        warmBytes -= bytes;
        if (lease != null) {
            lease.slot = slot;
        } else {
            slot.next = cooling;
            cooling = slot;
        }
    }

    /**
     * Takes the oldest warm slots until no more than so many bytes are warm; and then as many more as fit into the
     * further bytes, because they would follow soon, and several at once cost less.
     */
    private void evict(long mostBytes, long furtherBytes) {
        while (warmBytes > mostBytes) {
            evictOldest();
        }
        long least = warmBytes - furtherBytes;
        while (oldestWarm != null && warmBytes - oldestWarm.geometry().stackBytes() >= least) {
            evictOldest();
        }
    }

    private void evictOldest() {
        StackSlot oldest = oldestWarm;
        if (oldest != null) {
            unlink(oldest, null);
        }
    }

    /**
     * Discards the pages of all slots that are cooling, and unmaps slabs that are not needed any more.
     *
     * @param idleSlabs whether to search for slabs without a slot in use: a start that failed may have left one
     */
    private void coolDown(boolean idleSlabs) {
        Cooling own = new Cooling();
        SyscallException refused = null;
        try {
            for (take(own, idleSlabs); own.some != null || own.retired != null; take(own, idleSlabs)) {
                settle(own, /* cold */ false);
                if (own.some != null) {
                    try {
                        SlabSlots.discard(own.some);
                    } catch (SyscallException failed) {
                        refused = failed; // the slots are cold all the same, with their pages
                    }
                    settle(own, /* cold */ true);
                }
                if (own.retired != null) {
                    own.retired.unmap();
                    own.retired = null;
                }
            }
        } finally {
            synchronized (this) { // nothing is called here: what is left, somebody takes later
                for (StackSlot slot = own.some; slot != null;) {
                    StackSlot next = slot.next;
                    slot.next = cooling;
                    cooling = slot;
                    slot = next;
                }
                if (own.retired != null) {
                    own.retired.nextRetired = retired;
                    retired = own.retired;
                }
            }
        }
        if (refused != null) {
            throw refused;
        }
    }

    /** Takes all cooling slots of one slab, and a slab that could not be unmapped before. */
    private synchronized void take(Cooling own, boolean idleSlabs) {
        StackSlab slab = cooling == null ? null : cooling.slab;
        StackSlot ofOneSlab = null;
        StackSlot others = null;
        for (StackSlot slot = cooling; slot != null;) {
            StackSlot next = slot.next;
            if (slot.slab == slab) {
                slot.next = ofOneSlab;
                ofOneSlab = slot;
            } else {
                slot.next = others;
                others = slot;
            }
            slot = next;
        }
        cooling = others;
        own.some = ofOneSlab;
        StackSlab last = retired;
        if (last != null) {
            retired = last.nextRetired;
            own.retired = last;
        }
        if (idleSlabs && own.some == null && own.retired == null) {
            takeIdle(own);
        }
    }

    private void takeIdle(Cooling own) {
        for (StackShelf shelf : shelves.values()) {
            SlabSlots slots = shelf.idleSlab();
            if (slots != null) {
                shelf.retire(slots, own);
                return;
            }
        }
    }

    /**
     * Retires the slab of these slots if none but these is in use or warm: its pages go with it. Otherwise puts them on
     * the slab's list if they are cold.
     */
    private synchronized void settle(Cooling own, boolean cold) {
        StackSlot some = own.some;
        if (some == null) {
            return;
        }
        StackShelf shelf = shelf(some);
        SlabSlots slots = shelf.slotsOf(some.slab);
        if (own.retired == null && slots.isIdleBut(some)) {
            shelf.retire(slots, own);
        } else if (cold) {
            slots.giveCold(own);
        }
    }

    private StackShelf shelf(StackSlot slot) {
        return Objects.requireNonNull(shelves.get(slot.geometry()));
    }
}
