package dev.linen.junit;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

import dev.linen.internal.elf.LoadedElf;
import dev.linen.internal.registry.KeptMemory.Range;

/**
 * The memory of the libraries that the dynamic linker has loaded, with the zeroed memory at the end of each. The linker
 * lists them for debuggers, in {@code _r_debug}:
 *
 * <pre>
 *  r_debug   +8   the first link_map
 *  link_map  +0   the library's base        +24  the next link_map, or 0
 * </pre>
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/dl_iterate_phdr.3.html">dl_iterate_phdr(3)</a>
 */
final class LoadedLibraries {

    private static final int FIRST = 8;
    private static final int NEXT = 24;

    /** A limit, because the list may change while it is read. */
    private static final int MOST = 10_000;

    private LoadedLibraries() {}

    static Ranges in(OwnPages memory) {
        List<Range> ranges = new ArrayList<>();
        long entry = Linker.nativeLinker().defaultLookup().find("_r_debug").map(MemorySegment::address)
                .map(debug -> word(memory, debug + FIRST)).orElse(0L);
        for (int i = 0; i < MOST && entry != 0; i++) {
            LoadedElf.at(memory, word(memory, entry)).map(LoadedElf::range)
                    .ifPresent(range -> ranges.add(new Range(range.start(), range.end())));
            entry = word(memory, entry + NEXT);
        }
        return Ranges.pagesOf(ranges);
    }

    private static long word(OwnPages memory, long address) {
        return memory.longAt(address).orElse(0);
    }
}
