package dev.linen.thread;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

import dev.linen.syscall.SyscallException;

/**
 * Stacks of threads that ended, for threads to come: a start on a cached stack maps nothing.
 *
 * <pre>
 *   take ──> in use ──give, ended──────────────> warm ──too many bytes──> cold ──whole slab cold──> unmapped
 *    ^          └─────give, still running──> leaving ──ended──^             │
 *    └──────────────────────────────────────────┴─────────────┴─────────────┘
 * </pre>
 *
 * <ul>
 * <li><b>leaving</b>: its thread is detached and runs on. Looked at whenever somebody takes or gives; it is warm once the
 * kernel has cleared its futex dword, never before.
 * <li><b>warm</b>: with the pages that its last thread touched. Bounded in bytes of stack; those unused for longest cool, several at
 * once.
 * <li><b>cold</b>: without pages, but with its guards.
 * </ul>
 *
 * <p>On its way from one to the next, a stack is nobody's: the kernel takes its time, and the lock is free meanwhile.
 */
public final class StackPool {

    /** The system property with the bound of the {@linkplain #shared() shared pool}, in bytes; 64 MiB without it. */
    public static final String BYTES_PROPERTY = "dev.linen.pool.bytes";

    /** glibc keeps 40 MiB. */
    private static final long DEFAULT_WARM_BYTES = 64L << 20;

    /** Who goes beyond the bound, goes below it again by this part of it: a call for each stack is an interrupt for each CPU. */
    private static final int EVICTED_AT_ONCE = 8;

    /** How many of the leaving ones are looked at in one go. */
    private static final int LOOKED_AT = 8;

    private static final StackPool SHARED = new StackPool(Long.getLong(BYTES_PROPERTY, DEFAULT_WARM_BYTES));

    /** Not synchronized: a virtual thread must not pin its carrier here. */
    private final ReentrantLock lock = new ReentrantLock();

    private final long mostWarmBytes;
    private final WarmStacks warm = new WarmStacks();
    private final Map<StackGeometry, List<StackSlab>> slabs = new HashMap<>();
    private final Deque<Leaving> leaving = new ArrayDeque<>();

    /** What is to become cold, once the lock is free. */
    private final List<StackSlot> cooling = new ArrayList<>();

    /** What is to be done for threads that left just now, once the lock is free. */
    private final List<Runnable> afterwards = new ArrayList<>();

    private record Leaving(StackSlot slot, Lent lent) {}

    private StackPool(long mostWarmBytes) {
        this.mostWarmBytes = Math.max(0, mostWarmBytes);
    }

    /**
     * The pool that threads use unless their builder says otherwise.
     *
     * @return the one pool of that kind
     */
    public static StackPool shared() {
        return SHARED;
    }

    /**
     * A pool of its own. What it keeps stays mapped, also when nobody can reach it any more: {@link #trim()} comes before.
     *
     * @param bytes how many bytes of warm stacks it keeps; with 0, a stack's memory goes back to the kernel at its thread's end
     * @return an empty pool
     * @throws IllegalArgumentException when the number is negative
     */
    public static StackPool bounded(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a pool keeps 0 bytes or more, not " + bytes);
        }
        return new StackPool(bytes);
    }

    /**
     * How much it keeps.
     *
     * @return the size of all warm stacks in bytes, whether their pages are in memory or not
     */
    public long warmBytes() {
        lock.lock();
        try {
            return warm.bytes();
        } finally {
            lock.unlock();
        }
    }

    /**
     * A slot with at least these sizes, best a warm one.
     *
     * @throws SyscallException of mmap, madvise or mprotect; nothing stays mapped for it
     */
    StackSlot take(StackGeometry wanted) {
        StackSlot fresh;
        lock.lock();
        try {
            lookAtLeaving();
            StackSlot slot = warm.take(wanted);
            if (slot != null) {
                return slot;
            }
            fresh = takeCold(wanted);
        } finally {
            unlock();
        }
        try {
            fresh.slab().fetchPages(fresh);
            return fresh;
        } catch (RuntimeException | Error refused) {
            giveCold(fresh);
            throw refused;
        }
    }

    private void giveCold(StackSlot slot) {
        lock.lock();
        try {
            cooling.add(slot);
        } finally {
            unlock();
        }
    }

    /** Takes a slot back: at once if its thread has ended, otherwise when it has. What was lent goes with it. */
    void give(StackSlot slot, Lent lent) {
        boolean ended = slot.hasEnded();
        Optional<ThreadFault> fault = ended ? FaultLog.unseen(slot, lent) : Optional.empty();
        try {
            give(slot, lent, ended);
        } finally {
            if (ended) {
                lent.giveBack();
            }
            fault.ifPresent(FaultLog::tellUnseen);
        }
    }

    private void give(StackSlot slot, Lent lent, boolean ended) {
        lock.lock();
        try {
            slot.clearCanary();
            if (ended) {
                settle(slot);
            } else {
                leaving.add(new Leaving(slot, lent));
            }
            lookAtLeaving();
            if (warm.bytes() > mostWarmBytes) {
                cooling.addAll(warm.evict(mostWarmBytes, mostWarmBytes / EVICTED_AT_ONCE));
            }
        } finally {
            unlock();
        }
    }

    /**
     * What detached threads had is given back, and what ended them is told, by somebody who has nothing else to do: both run users'
     * code.
     */
    private void unlock() {
        List<StackSlot> now = List.copyOf(cooling);
        List<Runnable> later = List.copyOf(afterwards);
        cooling.clear();
        afterwards.clear();
        lock.unlock();
        try {
            coolDown(now);
        } finally {
            if (!later.isEmpty()) {
                Aside.run(() -> later.forEach(Runnable::run));
            }
        }
    }

    /** Gives the memory of all warm stacks back to the kernel. Those in use stay. */
    public void trim() {
        lock.lock();
        try {
            for (int i = leaving.size(); i > 0; i -= LOOKED_AT) {
                lookAtLeaving();
            }
            cooling.addAll(warm.evict(0, 0));
        } finally {
            unlock();
        }
    }

    private void lookAtLeaving() {
        for (int i = Math.min(LOOKED_AT, leaving.size()); i > 0; i--) {
            Leaving first = leaving.remove();
            if (first.slot().hasEnded()) {
                FaultLog.unseen(first.slot(), first.lent())
                        .ifPresent(fault -> afterwards.add(() -> FaultLog.tellUnseen(fault)));
                settle(first.slot());
                if (first.lent().hasArena()) {
                    afterwards.add(first.lent()::giveBack);
                }
            } else {
                leaving.add(first);
            }
        }
    }

    private void settle(StackSlot slot) {
        if (slot.hasFault()) {
            cooling.add(slot); // it may have used all of the stack, or written anything on it
        } else {
            warm.add(slot);
        }
    }

    private StackSlot takeCold(StackGeometry wanted) {
        List<StackSlab> existing = slabsOf(wanted);
        long existingBytes = 0;
        for (Iterator<StackSlab> each = existing.reversed().iterator(); each.hasNext();) {
            StackSlab slab = each.next();
            existingBytes += slab.byteSize();
            if (slab.hasRoom()) {
                return slab.take();
            }
        }
        StackSlab slab = StackSlab.map(wanted, existingBytes);
        try {
            StackSlot slot = slab.take();
            existing.add(slab);
            return slot;
        } catch (SyscallException noGuard) {
            slab.unmap();
            throw noGuard;
        }
    }

    private List<StackSlab> slabsOf(StackGeometry geometry) {
        List<StackSlab> known = slabs.get(geometry);
        if (known == null) { // no computeIfAbsent: the JVM's first thread would wait for a lambda's class
            known = new ArrayList<>();
            slabs.put(geometry, known);
        }
        return known;
    }

    /** The lock is free. */
    private void coolDown(List<StackSlot> slots) {
        Map<StackSlab, List<StackSlot>> bySlab = new HashMap<>();
        for (StackSlot slot : slots) {
            bySlab.computeIfAbsent(slot.slab(), slab -> new ArrayList<>()).add(slot);
        }
        RuntimeException failed = null;
        for (Map.Entry<StackSlab, List<StackSlot>> each : bySlab.entrySet()) {
            try {
                coolDown(each.getKey(), each.getValue());
            } catch (SyscallException refused) { // the others' slots shall not be lost
                failed = refused;
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    private void coolDown(StackSlab slab, List<StackSlot> slots) {
        boolean retired = retires(slab, slots, /* cold */ false); // its pages go with it
        if (!retired) {
            try {
                slab.discard(slots);
            } finally {
                retired = retires(slab, slots, /* cold */ true);
            }
        }
        if (retired) {
            slab.unmap();
        }
    }

    /** Whether none but these slots is in use or warm; then nobody finds the slab any more. Otherwise they are taken back if cold. */
    private boolean retires(StackSlab slab, List<StackSlot> slots, boolean cold) {
        lock.lock();
        try {
            if (slab.isIdleBut(slots.size())) {
                forget(slab);
                return true;
            }
            if (cold) {
                slab.giveCold(slots);
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void forget(StackSlab slab) {
        List<StackSlab> alike = Objects.requireNonNull(slabs.get(slab.geometry()));
        alike.remove(slab);
        if (alike.isEmpty()) {
            slabs.remove(slab.geometry());
            warm.forget(slab.geometry());
        }
    }
}
