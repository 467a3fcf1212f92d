package dev.linen.internal.stack;

import org.jspecify.annotations.Nullable;

/** What one thread has taken off the lists of a pool to work on it without the lock. */
final class Cooling {

    /** Slots of one slab whose pages are to be discarded: a list by {@link StackSlot#next}. */
    @Nullable
    StackSlot some;

    /** A slab that is to be unmapped. */
    @Nullable
    StackSlab retired;
}
