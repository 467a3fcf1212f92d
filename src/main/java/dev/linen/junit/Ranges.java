package dev.linen.junit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

import dev.linen.internal.registry.KeptMemory.Range;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap.Region;

/** A set of addresses below the kernel's half of the address space: ranges in order that neither overlap nor touch. */
final class Ranges {

    private final List<Range> inOrder = new ArrayList<>();

    Ranges(Collection<Range> ranges) {
        ranges.stream().filter(range -> range.start() >= 0 && range.end() > range.start())
                .sorted(Comparator.comparingLong(Range::start)).forEach(this::append);
    }

    /** Returns the pages that ranges are in. */
    static Ranges pagesOf(Collection<Range> ranges) {
        long page = Mapping.pageSize();
        return new Ranges(ranges.stream().map(range -> new Range(range.start() / page * page,
                Math.ceilDiv(range.end(), page) * page)).toList());
    }

    static Ranges of(Collection<Region> regions) {
        return new Ranges(regions.stream().map(region -> new Range(region.start(), region.end())).toList());
    }

    private void append(Range range) {
        Range last = inOrder.isEmpty() ? null : inOrder.getLast();
        if (last != null && range.start() <= last.end()) {
            inOrder.set(inOrder.size() - 1, new Range(last.start(), Math.max(last.end(), range.end())));
        } else {
            inOrder.add(range);
        }
    }

    List<Range> inOrder() {
        return inOrder;
    }

    /** Returns the addresses that are in this set and not in another one. */
    Ranges minus(Ranges other) {
        List<Range> rest = new ArrayList<>();
        for (Range range : inOrder) {
            long from = range.start();
            for (Range cut : other.overlapping(range)) {
                rest.add(new Range(from, cut.start())); // may be empty
                from = Math.max(from, cut.end());
            }
            rest.add(new Range(from, range.end()));
        }
        return new Ranges(rest);
    }

    Ranges and(Ranges other) {
        return minus(minus(other));
    }

    Ranges or(Ranges other) {
        List<Range> both = new ArrayList<>(inOrder);
        both.addAll(other.inOrder);
        return new Ranges(both);
    }

    /** Returns whether all addresses of a range are in this set. */
    boolean covers(long start, long end) {
        List<Range> found = overlapping(new Range(start, end));
        return found.size() == 1 && found.getFirst().start() <= start && end <= found.getFirst().end();
    }

    private List<Range> overlapping(Range range) {
        int low = 0;
        int high = inOrder.size();
        while (low < high) { // finds the first range that ends after the start
            int middle = (low + high) >>> 1;
            if (inOrder.get(middle).end() <= range.start()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        int end = low;
        while (end < inOrder.size() && inOrder.get(end).start() < range.end()) {
            end++;
        }
        return inOrder.subList(low, end);
    }

    /** Returns the parts of regions that are in this set. */
    List<Region> partsOf(List<Region> regions) {
        List<Region> parts = new ArrayList<>();
        for (Region region : regions) {
            for (Range part : overlapping(new Range(region.start(), region.end()))) {
                parts.add(new Region(Math.max(region.start(), part.start()), Math.min(region.end(), part.end()),
                        region.protection(), region.shared(), region.offset(), region.device(), region.inode(),
                        region.name()));
            }
        }
        return parts;
    }
}
