package dev.linen.thread;

import dev.linen.internal.stack.SlotPool;

/**
 * Keeps the stacks of ended threads for new threads: starting a thread on a cached stack maps nothing.
 *
 * <p>The stacks that a pool keeps are warm: they still have the pages that the previous thread touched. The pool bounds
 * their total size. When the bound is exceeded, the stacks that have been unused for longest are evicted, and their
 * pages are freed. A slab of memory in which no stack is in use or warm is unmapped.
 */
public final class StackPool {

    /** The system property with the bound of the {@linkplain #shared() shared pool}, in bytes; 64 MiB by default. */
    public static final String BYTES_PROPERTY = "dev.linen.pool.bytes";

    /** For comparison: glibc keeps 40 MiB. */
    private static final long DEFAULT_WARM_BYTES = 64L << 20;

    private static final StackPool SHARED = new StackPool(
            Math.max(0, Long.getLong(BYTES_PROPERTY, DEFAULT_WARM_BYTES)));

    private final SlotPool slots;

    private StackPool(long mostWarmBytes) {
        slots = new SlotPool(mostWarmBytes);
    }

    /**
     * Returns the pool that threads use unless their builder names another one.
     *
     * @return the shared pool, always the same
     */
    public static StackPool shared() {
        return SHARED;
    }

    /**
     * Creates a pool. The stacks that it keeps stay mapped even when the pool is no longer reachable: call
     * {@link #trim()} before.
     *
     * @param bytes the maximum total size of warm stacks in bytes; with 0, the pages of a stack are freed when its
     *        thread has ended
     * @return an empty pool
     * @throws IllegalArgumentException if the number is negative
     */
    public static StackPool bounded(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the bound of a pool must be 0 bytes or more, not " + bytes);
        }
        return new StackPool(bytes);
    }

    /**
     * Returns the total size of the warm stacks.
     *
     * @return the size in bytes, whether the pages are in memory or not
     */
    public long warmBytes() {
        return slots.warmBytes();
    }

    /** Frees the pages of all warm stacks. Stacks in use aren't affected. */
    public void trim() {
        slots.trim();
    }

    SlotPool slots() {
        return slots;
    }
}
