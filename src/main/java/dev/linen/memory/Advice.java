package dev.linen.memory;

import java.util.Map;

import dev.linen.internal.linux.Kernel;

/**
 * Advice to the kernel about the use of pages: the {@code advice} argument of {@code madvise}.
 *
 * <p>Some values are hints. Others are commands that change the contents (DONTNEED, FREE, REMOVE, GUARD_INSTALL). The
 * set of values is open: numbers without a name here are passed to the kernel unchanged.
 *
 * @param number the kernel's {@code MADV_} number
 * @see <a href="https://man7.org/linux/man-pages/man2/madvise.2.html">madvise(2)</a>
 */
public record Advice(int number) {

    /** {@code MADV_NORMAL}: no advice. */
    public static final Advice NORMAL = new Advice(Kernel.MADV_NORMAL);

    /** {@code MADV_RANDOM}: expect reads in random order; disables read-ahead. */
    public static final Advice RANDOM = new Advice(Kernel.MADV_RANDOM);

    /** {@code MADV_SEQUENTIAL}: expect reads in order; reads ahead, and may free pages soon after they were read. */
    public static final Advice SEQUENTIAL = new Advice(Kernel.MADV_SEQUENTIAL);

    /** {@code MADV_WILLNEED}: expect use soon; starts to read ahead. */
    public static final Advice WILLNEED = new Advice(Kernel.MADV_WILLNEED);

    /** {@code MADV_DONTNEED}: frees the pages; private anonymous memory reads as zero afterwards. */
    public static final Advice DONTNEED = new Advice(Kernel.MADV_DONTNEED);

    /** {@code MADV_FREE}: the kernel may free the pages when memory is short. Since Linux 4.5. */
    public static final Advice FREE = new Advice(Kernel.MADV_FREE);

    /** {@code MADV_REMOVE}: frees the pages and the storage behind them, as a hole in the file; for shared memory. */
    public static final Advice REMOVE = new Advice(Kernel.MADV_REMOVE);

    /** {@code MADV_DONTFORK}: a child of fork doesn't inherit the pages. */
    public static final Advice DONTFORK = new Advice(Kernel.MADV_DONTFORK);

    /** {@code MADV_DOFORK}: undoes DONTFORK. */
    public static final Advice DOFORK = new Advice(Kernel.MADV_DOFORK);

    /** {@code MADV_MERGEABLE}: the kernel may merge pages that have the same contents (KSM). */
    public static final Advice MERGEABLE = new Advice(Kernel.MADV_MERGEABLE);

    /** {@code MADV_UNMERGEABLE}: undoes MERGEABLE. */
    public static final Advice UNMERGEABLE = new Advice(Kernel.MADV_UNMERGEABLE);

    /** {@code MADV_HUGEPAGE}: use transparent huge pages. */
    public static final Advice HUGEPAGE = new Advice(Kernel.MADV_HUGEPAGE);

    /** {@code MADV_NOHUGEPAGE}: use no transparent huge pages. */
    public static final Advice NOHUGEPAGE = new Advice(Kernel.MADV_NOHUGEPAGE);

    /** {@code MADV_DONTDUMP}: a core dump doesn't contain the pages. */
    public static final Advice DONTDUMP = new Advice(Kernel.MADV_DONTDUMP);

    /** {@code MADV_DODUMP}: undoes DONTDUMP. */
    public static final Advice DODUMP = new Advice(Kernel.MADV_DODUMP);

    /** {@code MADV_WIPEONFORK}: the pages are zero in a child of fork. Since Linux 4.14. */
    public static final Advice WIPEONFORK = new Advice(Kernel.MADV_WIPEONFORK);

    /** {@code MADV_KEEPONFORK}: undoes WIPEONFORK. */
    public static final Advice KEEPONFORK = new Advice(Kernel.MADV_KEEPONFORK);

    /** {@code MADV_COLD}: reclaim these pages first. Since Linux 5.4. */
    public static final Advice COLD = new Advice(Kernel.MADV_COLD);

    /** {@code MADV_PAGEOUT}: reclaim these pages now. Since Linux 5.4. */
    public static final Advice PAGEOUT = new Advice(Kernel.MADV_PAGEOUT);

    /** {@code MADV_POPULATE_READ}: fault the pages in, as if they were read. Since Linux 5.14. */
    public static final Advice POPULATE_READ = new Advice(Kernel.MADV_POPULATE_READ);

    /** {@code MADV_POPULATE_WRITE}: fault the pages in, as if they were written. Since Linux 5.14. */
    public static final Advice POPULATE_WRITE = new Advice(Kernel.MADV_POPULATE_WRITE);

    /** {@code MADV_DONTNEED_LOCKED}: like DONTNEED, but also frees locked pages. Since Linux 5.18. */
    public static final Advice DONTNEED_LOCKED = new Advice(Kernel.MADV_DONTNEED_LOCKED);

    /** {@code MADV_COLLAPSE}: combine the pages into huge pages now. Since Linux 6.1. */
    public static final Advice COLLAPSE = new Advice(Kernel.MADV_COLLAPSE);

    /**
     * {@code MADV_GUARD_INSTALL}: turns the pages into guard pages: any access faults. Needs no VMA of its own. Since
     * Linux 6.13.
     */
    public static final Advice GUARD_INSTALL = new Advice(Kernel.MADV_GUARD_INSTALL);

    /** {@code MADV_GUARD_REMOVE}: undoes GUARD_INSTALL. */
    public static final Advice GUARD_REMOVE = new Advice(Kernel.MADV_GUARD_REMOVE);

    /** A nested class, so that the map is created only when an advice is first printed. */
    private static final class Names {
        static final Map<Advice, String> BY_ADVICE = Map.ofEntries(
                Map.entry(NORMAL, "MADV_NORMAL"),
                Map.entry(RANDOM, "MADV_RANDOM"),
                Map.entry(SEQUENTIAL, "MADV_SEQUENTIAL"),
                Map.entry(WILLNEED, "MADV_WILLNEED"),
                Map.entry(DONTNEED, "MADV_DONTNEED"),
                Map.entry(FREE, "MADV_FREE"),
                Map.entry(REMOVE, "MADV_REMOVE"),
                Map.entry(DONTFORK, "MADV_DONTFORK"),
                Map.entry(DOFORK, "MADV_DOFORK"),
                Map.entry(MERGEABLE, "MADV_MERGEABLE"),
                Map.entry(UNMERGEABLE, "MADV_UNMERGEABLE"),
                Map.entry(HUGEPAGE, "MADV_HUGEPAGE"),
                Map.entry(NOHUGEPAGE, "MADV_NOHUGEPAGE"),
                Map.entry(DONTDUMP, "MADV_DONTDUMP"),
                Map.entry(DODUMP, "MADV_DODUMP"),
                Map.entry(WIPEONFORK, "MADV_WIPEONFORK"),
                Map.entry(KEEPONFORK, "MADV_KEEPONFORK"),
                Map.entry(COLD, "MADV_COLD"),
                Map.entry(PAGEOUT, "MADV_PAGEOUT"),
                Map.entry(POPULATE_READ, "MADV_POPULATE_READ"),
                Map.entry(POPULATE_WRITE, "MADV_POPULATE_WRITE"),
                Map.entry(DONTNEED_LOCKED, "MADV_DONTNEED_LOCKED"),
                Map.entry(COLLAPSE, "MADV_COLLAPSE"),
                Map.entry(GUARD_INSTALL, "MADV_GUARD_INSTALL"),
                Map.entry(GUARD_REMOVE, "MADV_GUARD_REMOVE"));
    }

    /**
     * Returns the name in C.
     *
     * @return "MADV_DONTNEED", or the number if it has no name
     */
    @Override
    public String toString() {
        return Names.BY_ADVICE.getOrDefault(this, Integer.toString(number));
    }
}
