package dev.linen.internal.stack;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import dev.linen.syscall.SyscallException;

/**
 * Keeps the slots that no thread uses for new threads: starting a thread on a warm slot maps nothing.
 *
 * <pre>
 *   take ──> in a lease ──give back──> warm ──evicted──> cooling ──discarded──> cold ──whole slab cold──> unmapped
 *    ^           └────────not to be reused as it is─────────^                     │
 *    └───────────────────────────────────┴────────────────────────────────────────┘
 * </pre>
 *
 * <ul>
 * <li><b>warm</b>: still has the pages that its last thread touched. The total size of warm stacks is bounded; when the
 * bound is exceeded, the slots that have been warm for longest are evicted, several at once.
 * <li><b>cooling</b>: its pages are about to be discarded.
 * <li><b>cold</b>: has no pages, but still has its guards.
 * </ul>
 *
 * <p>While the lock is held, only lists change; system calls are made before or after. A list is changed by plain
 * assignments, after all calls that could fail, so a StackOverflowError or OutOfMemoryError leaves each slot on exactly
 * one list, or in a lease. The lock is the monitor of this object, because the JVM releases a monitor whatever is
 * thrown; a ReentrantLock would stay locked after a StackOverflowError in {@code unlock}.
 */
public final class SlotPool {

    /** When the bound is exceeded, this fraction of it is evicted at once, because each madvise interrupts all CPUs. */
    private static final int EVICTED_AT_ONCE = 8;

    private final long mostWarmBytes;

    // All fields below are guarded by this.

    private final Map<StackGeometry, StackShelf> shelves = new HashMap<>();
    private long warmBytes;
    private @Nullable StackSlot newestWarm;
    private @Nullable StackSlot oldestWarm;
    private @Nullable StackSlot cooling;
    private @Nullable Retired retired;

    /** A slab that is about to be unmapped. */
    private static final class Retired {
        final StackSlab slab;
        @Nullable
        Retired next;

        Retired(StackSlab slab, @Nullable Retired next) {
            this.slab = slab;
            this.next = next;
        }
    }

    /** @param mostWarmBytes the maximum total size of warm stacks, in bytes */
    public SlotPool(long mostWarmBytes) {
        this.mostWarmBytes = mostWarmBytes;
    }

    /** Returns the total size of the warm stacks in bytes, whether their pages are in memory or not. */
    public synchronized long warmBytes() {
        return warmBytes;
    }

    /**
     * Takes a slot with at least these sizes, preferably a warm one.
     *
     * @param lease the lease that gets the slot
     * @throws SyscallException from mmap, madvise, mprotect or mlock; the lease then has no slot
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
        unlink(slot);
        lease.slot = slot;
        return true;
    }

    /** Returns the slot that was used last, whose pages are most likely still in the CPU's cache. */
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

    /** If several threads call this at once, they share the slab that is added first. */
    private void addSlab(StackGeometry geometry) {
        StackSlab slab = StackSlab.map(geometry, slabBytes(geometry));
        boolean added = false;
        try {
            added = offer(slab);
        } finally {
            if (!added) {
                slab.unmap();
            }
        }
    }

    private synchronized long slabBytes(StackGeometry geometry) {
        StackShelf shelf = shelves.get(geometry);
        return shelf == null ? 0 : shelf.slabBytes();
    }

    private synchronized boolean offer(StackSlab slab) {
        StackShelf shelf = shelves.get(slab.geometry());
        if (shelf == null) { // no computeIfAbsent: creating a class for its lambda would delay the first start
            shelf = new StackShelf(slab.geometry());
            shelves.put(slab.geometry(), shelf);
        }
        if (shelf.slabWithRoom() != null) {
            return false;
        }
        shelf.add(slab);
        return true;
    }

    /**
     * Returns a slot that no thread uses any more to the pool. Has no effect if the lease has no slot.
     *
     * @param warm whether the next thread may use the slot as it is; otherwise its pages are discarded first
     * @throws SyscallException from madvise, if the pages of slots couldn't be discarded; the slot is returned
     *         nevertheless
     */
    public void giveBack(StackLease lease, boolean warm) {
        synchronized (this) {
            StackSlot slot = lease.slot;
            if (slot == null) {
                return;
            }
            if (warm) {
                link(slot);
                lease.slot = null;
                if (warmBytes > mostWarmBytes) {
                    evict(mostWarmBytes, mostWarmBytes / EVICTED_AT_ONCE);
                }
            } else {
                slot.next = cooling;
                cooling = slot;
                lease.slot = null;
            }
        }
        coolDown();
    }

    /** Frees the pages of all warm stacks. Stacks in use aren't affected. */
    public void trim() {
        synchronized (this) {
            evict(0, 0);
        }
        coolDown();
    }

    /** Adds a slot to the lists of warm ones, as the newest. */
    private void link(StackSlot slot) {
        StackShelf shelf = shelf(slot);
        long bytes = slot.geometry().stackBytes();
        StackSlot second = newestWarm;
        StackSlot secondAlike = shelf.newestWarm;
        // From here on, no method is called, so nothing can be thrown.
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
    }

    /** Removes a slot from the lists of warm ones. */
    private void unlink(StackSlot slot) {
        StackShelf shelf = shelf(slot);
        long bytes = slot.geometry().stackBytes();
        StackSlot older = slot.older;
        StackSlot newer = slot.newer;
        StackSlot olderAlike = slot.olderAlike;
        StackSlot newerAlike = slot.newerAlike;
        // From here on, no method is called, so nothing can be thrown.
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
    }

    /**
     * Evicts the oldest warm slots until at most {@code mostBytes} are warm, and then as many more as fit into
     * {@code furtherBytes}: these would have to be evicted soon, and evicting several at once costs less.
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
            unlink(oldest);
            oldest.next = cooling;
            cooling = oldest;
        }
    }

    /** Discards the pages of all cooling slots, slab by slab. */
    private void coolDown() {
        Throwable failed = null;
        for (StackSlot some = takeCooling(); some != null; some = takeCooling()) {
            if (settle(some, /* cold */ false)) {
                continue; // the slab is unmapped, and its pages are freed with it
            }
            try {
                SlabSlots.discard(some);
            } catch (RuntimeException | Error refused) {
                failed = refused; // the slots become cold nevertheless, but keep their pages
            }
            settle(some, /* cold */ true);
        }
        unmapRetired();
        if (failed instanceof Error error) {
            throw error;
        } else if (failed instanceof RuntimeException refused) {
            throw refused;
        }
    }

    /** Takes all cooling slots of one slab. Returns them as a list, or null if no slot is cooling. */
    private synchronized @Nullable StackSlot takeCooling() {
        StackSlot first = cooling;
        if (first == null) {
            return null;
        }
        StackSlot ofOneSlab = null;
        StackSlot others = null;
        for (StackSlot slot = first; slot != null;) {
            StackSlot next = slot.next;
            if (slot.slab == first.slab) {
                slot.next = ofOneSlab;
                ofOneSlab = slot;
            } else {
                slot.next = others;
                others = slot;
            }
            slot = next;
        }
        cooling = others;
        return ofOneSlab;
    }

    /**
     * Retires the slab of these slots if all its other slots are cold. Otherwise, if these are cold, adds them to the
     * cold ones.
     *
     * @return false if nothing has changed
     */
    private boolean settle(StackSlot some, boolean cold) {
        boolean decided = false;
        try {
            synchronized (this) {
                StackShelf shelf = shelf(some);
                SlabSlots slots = shelf.slotsOf(some.slab);
                if (slots.isIdleBut(some)) {
                    retire(shelf, slots);
                    decided = true;
                    return true;
                }
                if (cold) {
                    slots.giveCold(some);
                    decided = true;
                    return true;
                }
                decided = true;
                return false;
            }
        } finally {
            if (!decided) { // no method is called here, so nothing can be thrown; a later call takes them from there
                synchronized (this) {
                    for (StackSlot slot = some; slot != null;) {
                        StackSlot next = slot.next;
                        slot.next = cooling;
                        cooling = slot;
                        slot = next;
                    }
                }
            }
        }
    }

    private void retire(StackShelf shelf, SlabSlots slots) {
        Retired last = new Retired(slots.slab(), retired);
        shelf.remove(slots);
        retired = last;
        if (shelf.isEmpty()) { // otherwise a program that uses ever new sizes would fill the map
            shelves.remove(shelf.geometry());
        }
    }

    private StackShelf shelf(StackSlot slot) {
        return Objects.requireNonNull(shelves.get(slot.geometry()));
    }

    private void unmapRetired() {
        for (Retired last = takeRetired(); last != null; last = takeRetired()) {
            boolean unmapped = false;
            try {
                last.slab.unmap();
                unmapped = true;
            } finally {
                if (!unmapped) {
                    synchronized (this) {
                        last.next = retired;
                        retired = last;
                    }
                }
            }
        }
    }

    private synchronized @Nullable Retired takeRetired() {
        Retired last = retired;
        if (last != null) {
            retired = last.next;
        }
        return last;
    }
}
