package dev.linen.internal.stack;

import dev.linen.memory.Mapping;

/**
 * How the kernel manages a stack's pages.
 *
 * @param huge whether to use huge pages if some are free; the stack is aligned to them
 * @param locked whether the pages are locked in memory, so that they are never swapped out
 * @param prefaulted whether the pages are loaded before the thread begins
 */
public record StackPages(boolean huge, boolean locked, boolean prefaulted) {

    /** Each page is allocated at its first access, and may be swapped out. */
    public static final StackPages USUAL = new StackPages(false, false, false);

    public StackPages withHuge() {
        return new StackPages(/* huge */ true, locked, prefaulted);
    }

    public StackPages withLocked() {
        return new StackPages(huge, /* locked */ true, prefaulted);
    }

    public StackPages withPrefaulted() {
        return new StackPages(huge, locked, /* prefaulted */ true);
    }

    long alignment() {
        return huge ? hugePageBytes() : Mapping.pageSize();
    }

    /**
     * Returns the size that an entry of a second-level page table maps: a page full of entries of 8 bytes, a page each.
     * 2 MiB with pages of 4 KiB; on aarch64 also 32 MiB with pages of 16 KiB, and 512 MiB with pages of 64 KiB.
     */
    private static long hugePageBytes() {
        return Mapping.pageSize() / Long.BYTES * Mapping.pageSize();
    }

    /** Written by hand, like hashCode: see {@link StackGeometry}. */
    @Override
    public boolean equals(Object other) {
        return other instanceof StackPages like && huge == like.huge && locked == like.locked
                && prefaulted == like.prefaulted;
    }

    @Override
    public int hashCode() {
        return (huge ? 1 : 0) + (locked ? 2 : 0) + (prefaulted ? 4 : 0);
    }
}
