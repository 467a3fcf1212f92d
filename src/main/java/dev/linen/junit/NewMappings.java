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
 * Addresses where something is mapped now and nothing was before, without what the JVM, libc and linen map for themselves.
 *
 * <p>By addresses and not by the number of mappings: the kernel makes one of two that touch, so that a leak may not show in
 * the number, and makes two of one when a part changes its protection, so that the JVM's work does.
 */
final class NewMappings {

    /** HotSpot puts its Java heap and its classes below. */
    private static final long HOTSPOT_END = 64L << 30;

    /** That of glibc's arenas, which start at a multiple of it, and of the JVM's class data. */
    private static final long ARENA_BYTES = 64L << 20;

    /** A Java thread's, and that of the JDK's small ones, without their guards. */
    private static final List<Long> STACK_BYTES = List.of(1L << 20, 128L << 10);
    private static final long MOST_GUARD_BYTES = 64L << 10;

    /** More is taken for something that only happens to lie behind a library. */
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

    /** Cut where arenas may start: one that touches something else would be one mapping with it. */
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
     * Without what malloc has there: such a piece may have become one mapping with something else, or lie partly where
     * something was mapped before. An arena isn't looked through: reading its pages would touch them.
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

    /** How many pieces from here on fill an arena's place, or are of its size. */
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
     * How many pieces from here on are a guard and a stack of a usual size: libc keeps some, of threads that have ended, too.
     * The stack is in two pieces when it lies where an arena might start.
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

    /** The .bss of a library that was loaded meanwhile: behind its file. */
    private static boolean isZeroedData(Region piece, List<Region> after, Set<String> newLibraries) {
        return piece.isAnonymous() && piece.byteSize() <= MOST_ZEROED_BYTES && after.stream().anyMatch(
                region -> region.end() == piece.start() && newLibraries.contains(region.name()));
    }
}
