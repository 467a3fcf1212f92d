package dev.linen.thread;

import dev.linen.internal.stack.SlotPool;

/**
 * Stacks of threads that ended, for threads to come: a start on a cached stack maps nothing.
 *
 * <p>The stacks that a pool keeps are warm: they have the pages that their last thread touched. They are bounded in bytes; when
 * there are more, those that have been unused for longest give their pages back to the kernel, and a slab of memory in which no
 * stack is in use or warm is unmapped.
 */
public final class StackPool {

    /** The system property with the bound of the {@linkplain #shared() shared pool}, in bytes; 64 MiB without it. */
    public static final String BYTES_PROPERTY = "dev.linen.pool.bytes";

    /** glibc keeps 40 MiB. */
    private static final long DEFAULT_WARM_BYTES = 64L << 20;

    private static final StackPool SHARED = new StackPool(
            Math.max(0, Long.getLong(BYTES_PROPERTY, DEFAULT_WARM_BYTES)));

    private final SlotPool slots;

    private StackPool(long mostWarmBytes) {
        slots = new SlotPool(mostWarmBytes);
    }

    /**
     * The pool that threads use unless their builder names another one.
     *
     * @return the one pool of that kind
     */
    public static StackPool shared() {
        return SHARED;
    }

    /**
     * A new pool. What it keeps stays mapped, even when the pool is no longer reachable: call {@link #trim()} before.
     *
     * @param bytes how many bytes of warm stacks it keeps; with 0, a stack's memory goes back to the kernel at its thread's end
     * @return an empty pool
     * @throws IllegalArgumentException if the number is negative
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
        return slots.warmBytes();
    }

    /** Gives the memory of all warm stacks back to the kernel. Those in use stay. */
    public void trim() {
        slots.trim();
    }

    SlotPool slots() {
        return slots;
    }
}
