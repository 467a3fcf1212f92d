package dev.linen.inject;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import dev.linen.inject.InjectionUnavailableException.Reason;
import dev.linen.internal.linux.LinenH;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;

/** Where libc's code is in memory. Before glibc 2.34, a part of it is in a library of its own, libpthread. */
final class LibcText {

    /** libc.so.6, libc-2.31.so, libpthread.so.0, ld-musl-x86_64.so.1, libc.musl-x86_64.so.1. */
    private static final Pattern LIBRARY = Pattern.compile(
            ".*/(libc[.-][^/]*so[^/]*|libpthread[.-][^/]*so[^/]*|ld-musl-[^/]*)");

    private static final long FOUR_GIB = 1L << 32;

    private LibcText() {}

    /** A piece of code, from its first address to the one after its last. */
    record Piece(long begin, long end) {}

    /** Returns its pieces, none of which crosses a multiple of 4 GiB: a filter compares 32 bits at a time. */
    static List<Piece> pieces() {
        List<Piece> pieces = new ArrayList<>();
        try {
            for (MemoryMap.Region region : MemoryMap.read().regions()) {
                if (region.protection().has(Protection.EXEC) && LIBRARY.matcher(region.name()).matches()) {
                    split(region.start(), region.end(), pieces);
                }
            }
        } catch (UncheckedIOException noProc) {
            throw new InjectionUnavailableException(Reason.NO_LIBC,
                    "libc's code can't be found, because /proc/self/maps can't be read: " + noProc.getCause());
        }
        if (pieces.isEmpty() || pieces.size() > LinenH.LINEN_TEXTS) {
            throw new InjectionUnavailableException(Reason.NO_LIBC, "libc's code can't be found in /proc/self/maps: "
                    + pieces.size() + " pieces of it");
        }
        return pieces;
    }

    static void split(long begin, long end, List<Piece> pieces) {
        for (long from = begin; from < end;) {
            long to = Math.min(end, (from / FOUR_GIB + 1) * FOUR_GIB);
            pieces.add(new Piece(from, to));
            from = to;
        }
    }
}
