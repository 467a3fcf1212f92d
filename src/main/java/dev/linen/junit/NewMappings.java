package dev.linen.junit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.linen.internal.registry.KeptMemory;
import dev.linen.internal.registry.KeptMemory.Range;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;

/**
 * Finds address ranges that are mapped now and weren't before. Memory that the JVM, libc and linen map for themselves
 * is left out.
 *
 * <p>It compares addresses, not the number of mappings. The kernel merges two adjacent mappings, so that a leak may not
 * change the number. It splits a mapping if the protection of a part changes, so that activity of the JVM does change
 * the number.
 */
final class NewMappings {

    /** HotSpot maps its Java heap and its classes below this address. */
    private static final long HOTSPOT_END = 64L << 30;

    /** The size of an arena of glibc, which starts at a multiple of it, and of the JVM's mappings for class data. */
    private static final long ARENA_BYTES = 64L << 20;

    /**
     * The usual stack sizes, without guards: that of a Java thread, and that of a thread to which the JDK gives a small
     * stack.
     */
    private static final List<Long> STACK_BYTES = List.of(1L << 20, 128L << 10);
    private static final long MOST_GUARD_BYTES = 64L << 10;

    /** A larger mapping after a library is assumed to be unrelated to the library. */
    private static final long MOST_ZEROED_BYTES = 64L << 10;

    private NewMappings() {}

    static List<Region> between(List<Region> before, List<Region> after) {
        Set<String> libraries = libraries(after);
        List<Range> known = Stream.concat(before.stream().map(region -> new Range(region.start(), region.end())),
                KeptMemory.ranges().stream()).sorted(Comparator.comparingLong(Range::start)).toList();
        List<Region> pieces = new ArrayList<>();
        for (Region region : after) {
            if (Long.compareUnsigned(region.end(), HOTSPOT_END) > 0 && region.end() > 0
                    && !region.protection().has(Protection.EXEC) && !libraries.contains(region.name())
                    && !isJvmsFile(region) && !region.name().equals("[heap]")) {
                addUnknown(region, known, pieces);
            }
        }
        libraries.removeAll(libraries(before));
        return withoutLibcs(pieces, after, libraries);
    }

    private static Set<String> libraries(List<Region> regions) {
        return regions.stream().filter(region -> region.protection().has(Protection.EXEC)).map(Region::name)
                .filter(name -> !name.isEmpty()).collect(Collectors.toCollection(HashSet::new));
    }

    private static boolean isJvmsFile(Region region) {
        return region.name().contains("/hsperfdata_")
                || region.name().startsWith(System.getProperty("java.home", "?"));
    }

    /** Adds the parts of a region that are not in {@code before}. */
    private static void addUnknown(Region region, List<Range> before, List<Region> pieces) {
        long start = region.start();
        for (Range known : before) {
            if (known.end() > start && known.start() >= 0 && known.start() < region.end()) {
                addUnlessMalloced(region, start, Math.max(start, known.start()), pieces);
                start = Math.max(start, known.end());
            }
        }
        addUnlessMalloced(region, start, region.end(), pieces);
    }

    /**
     * Adds a range without the malloc chunks in it: the kernel may have merged a chunk with another mapping, or a chunk
     * may overlap addresses that were mapped before. A range of the size of an arena, or a larger one, isn't searched,
     * because reading its pages would make them resident.
     */
    private static void addUnlessMalloced(Region region, long start, long end, List<Region> pieces) {
        long from = start;
        long at = region.isAnonymous() && end - start < ARENA_BYTES ? start : end;
        while (at < end) {
            long malloced = LargeMalloc.bytesAt(at);
            if (malloced != 0) {
                addCut(region, from, at, pieces);
                from = malloced < end - at ? at + malloced : end;
            }
            at = malloced != 0 ? from : at + Mapping.pageSize();
        }
        addCut(region, from, end, pieces);
    }

    /** Splits a range where arenas may start: the kernel merges an arena with an adjacent mapping. */
    private static void addCut(Region region, long start, long end, List<Region> pieces) {
        long from = start;
        while (from < end) {
            long to = Math.min(end, (from / ARENA_BYTES + 1) * ARENA_BYTES);
            pieces.add(new Region(from, to, region.protection(), region.shared(), region.offset(), region.device(),
                    region.inode(), region.name()));
            from = to;
        }
    }

    private static List<Region> withoutLibcs(List<Region> pieces, List<Region> after, Set<String> newLibraries) {
        List<Region> leaks = new ArrayList<>();
        for (int i = 0; i < pieces.size();) {
            int skipped = Math.max(arena(pieces, i), stack(pieces, i));
            if (skipped == 0) {
                if (!isZeroedData(pieces.get(i), after, newLibraries)) {
                    leaks.add(pieces.get(i));
                }
                skipped = 1;
            }
            i += skipped;
        }
        return leaks;
    }

    /** Returns the number of adjacent pieces from here that together have the size of an arena; 0 if there are none. */
    private static int arena(List<Region> pieces, int first) {
        long start = pieces.get(first).start();
        int count = 0;
        long end = start;
        while (first + count < pieces.size() && pieces.get(first + count).start() == end
                && pieces.get(first + count).isAnonymous() && end - start < ARENA_BYTES) {
            end = pieces.get(first + count).end();
            count++;
        }
        return end - start == ARENA_BYTES ? count : 0;
    }

    /**
     * Returns the number of pieces from here that are a guard and a stack of a usual size; 0 if there are none. libc
     * keeps the stacks of some threads that have ended. A stack consists of two pieces if it crosses an address where
     * an arena may start.
     */
    private static int stack(List<Region> pieces, int first) {
        Region guard = pieces.get(first);
        if (!guard.protection().equals(Protection.NONE) || guard.byteSize() > MOST_GUARD_BYTES) {
            return 0;
        }
        int found = 0;
        long end = guard.end();
        for (int i = first + 1; i < pieces.size(); i++) {
            Region stack = pieces.get(i);
            if (stack.start() != end || !stack.protection().equals(Protection.READ_WRITE) || !stack.isAnonymous()) {
                break;
            }
            end = stack.end();
            long bytes = end - guard.start();
            if (STACK_BYTES.stream().anyMatch(usual -> bytes >= usual && bytes <= usual + MOST_GUARD_BYTES)) {
                found = i + 1 - first;
            }
        }
        return found;
    }

    /**
     * Whether a piece is the .bss section of a library that was loaded meanwhile: it follows the mapping of the file.
     */
    private static boolean isZeroedData(Region piece, List<Region> after, Set<String> newLibraries) {
        return piece.isAnonymous() && piece.byteSize() <= MOST_ZEROED_BYTES && after.stream().anyMatch(
                region -> region.end() == piece.start() && newLibraries.contains(region.name()));
    }
}
