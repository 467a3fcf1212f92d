package dev.linen.internal.stack;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * The right to use one slot. A lease is made before it has a slot: {@link SlotPool} puts the slot into it in the same step in which
 * it takes the slot off its own lists. So a slot is always on a list or in a lease, whatever is thrown meanwhile.
 */
public final class StackLease {

    /** Guarded by the pool's lock when it changes. */
    @Nullable
    volatile StackSlot slot;

    /** Whether there is a slot in it. */
    public boolean isHeld() {
        return slot != null;
    }

    /** The slot. */
    public StackSlot slot() {
        return Objects.requireNonNull(slot);
    }
}
