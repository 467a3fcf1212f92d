package dev.linen.internal.stack;

import dev.linen.memory.Mapping;

/**
 * How the kernel keeps a stack's pages.
 *
 * @param huge in pages of 2 MiB where there are any left; the stack is aligned to them
 * @param locked never swapped out
 * @param prefaulted in memory before the thread begins
 */
public record StackPages(boolean huge, boolean locked, boolean prefaulted) {

    /** Each comes with its first touch, and may be swapped out. */
    public static final StackPages USUAL = new StackPages(false, false, false);

    /** What a page table entry of the second level maps, on x86-64 and on arm64 with pages of 4 KiB. */
    private static final long HUGE_PAGE_BYTES = 2L << 20;

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
        return huge ? HUGE_PAGE_BYTES : Mapping.pageSize();
    }

    /** Spelled out, as is hashCode: see {@link StackGeometry}. */
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
