package dev.linen.internal.stack;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * The right to use one slot. A lease is created before it has a slot: {@link SlotPool} puts the slot into it in the
 * same step in which it takes the slot off its own lists. So a slot is always on a list or in a lease, even if an error
 * is thrown.
 */
public final class StackLease {

    /** Changes are guarded by the pool's lock. */
    @Nullable
    volatile StackSlot slot;

    /** Returns whether the lease has a slot. */
    public boolean isHeld() {
        return slot != null;
    }

    /** Returns the slot. The lease must have one. */
    public StackSlot slot() {
        return Objects.requireNonNull(slot);
    }
}
