package dev.linen.internal.stack;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

import dev.linen.syscall.SyscallException;

/**
 * The right to use one slot of a pool. A lease is made before it has a slot: the pool puts the slot into it in the same step in
 * which it takes it off its own lists. So a slot is always on a list or in a lease, whatever is thrown meanwhile.
 */
public final class StackLease {

    private final SlotPool pool;

    /** Guarded by the pool's lock when it changes. */
    @Nullable
    volatile StackSlot slot;

    /** A lease without a slot. */
    public StackLease(SlotPool pool) {
        this.pool = pool;
    }

    /**
     * Gets a slot with at least these sizes, best a warm one.
     *
     * @throws SyscallException of mmap, madvise, mprotect or mlock; the lease has no slot then
     */
    public StackSlot take(StackGeometry wanted) {
        pool.take(wanted, this);
        return slot();
    }

    /** The slot. */
    public StackSlot slot() {
        return Objects.requireNonNull(slot);
    }

    /** Whether there is a slot in it. */
    public boolean isHeld() {
        return slot != null;
    }

    /**
     * Gives the slot back, which no thread uses any more. Does nothing when there is none.
     *
     * @param warm whether the next thread may have it as it is; otherwise its pages are discarded first
     */
    public void giveBack(boolean warm) {
        pool.giveBack(this, warm);
    }
}
