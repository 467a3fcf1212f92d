package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Checks of the segments that are passed to a system call, before the kernel sees their addresses. They allocate nothing
 * unless they throw.
 *
 * <p>That a segment is still open, and accessible by this thread, is checked by the downcall, which also keeps it open
 * until the call has returned.
 */
final class Arguments {

    private static final int INT_BYTES = 4;

    /** PATH_MAX. Of a longer segment only the begin may be memory: text from C has no known length. */
    private static final long LONGEST_TEXT = 4096;

    private Arguments() {}

    /** Returns the address of memory that the kernel reads. */
    static long in(String name, MemorySegment segment, long bytes) {
        if (!segment.isNative() || Long.compareUnsigned(segment.byteSize(), bytes) < 0) {
            throw refused(name, segment, bytes);
        }
        return segment.address();
    }

    /** Returns the address of memory that the kernel writes. */
    static long out(String name, MemorySegment segment, long bytes) {
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException(
                    name + ": the kernel writes to this memory, but the segment is read-only");
        }
        return in(name, segment, bytes);
    }

    static long inOrNull(String name, MemorySegment segment, long bytes) {
        return isNull(segment) ? 0 : in(name, segment, bytes);
    }

    static long outOrNull(String name, MemorySegment segment, long bytes) {
        return isNull(segment) ? 0 : out(name, segment, bytes);
    }

    /** Returns the address of memory whose use and size depend on another argument. */
    static long any(String name, MemorySegment segment) {
        return in(name, segment, 0);
    }

    /** Returns the address of text. {@code Arena.allocateFrom} writes the NUL as the last byte, which is tried first. */
    static long text(String name, MemorySegment segment) {
        long address = in(name, segment, 1);
        long size = segment.byteSize();
        boolean ends = size <= LONGEST_TEXT && segment.get(JAVA_BYTE, size - 1) == 0;
        if (!ends && !containsNul(segment)) {
            throw new IllegalArgumentException(
                    name + ": this segment of " + size + " bytes has no NUL, which must be at "
                            + "the end of text: create it by SegmentAllocator.allocateFrom");
        }
        return address;
    }

    static long textOrNull(String name, MemorySegment segment) {
        return isNull(segment) ? 0 : text(name, segment);
    }

    private static boolean containsNul(MemorySegment segment) {
        for (long i = 0; i < segment.byteSize(); i++) {
            if (segment.get(JAVA_BYTE, i) == 0) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNull(MemorySegment segment) {
        return segment.address() == 0 && segment.isNative();
    }

    /** Returns the length that is in memory; 0 if there is none. */
    static long lengthAt(String name, MemorySegment segment) {
        if (isNull(segment)) {
            return 0;
        }
        in(name, segment, INT_BYTES);
        return Integer.toUnsignedLong(segment.get(JAVA_INT_UNALIGNED, 0));
    }

    /** Returns the product; more than any segment has if it doesn't fit. */
    static long times(long count, long size) {
        return Math.multiplyHigh(count, size) == 0 && count * size >= 0 ? count * size : Long.MAX_VALUE;
    }

    private static RuntimeException refused(String name, MemorySegment segment, long bytes) {
        if (!segment.isNative()) {
            return new IllegalArgumentException(
                    name + ": this segment is on the Java heap, which the kernel can't use: "
                            + "allocate it from an Arena");
        }
        if (segment.address() == 0) {
            return new IllegalArgumentException(name + ": must not be NULL");
        }
        return new IllegalArgumentException(name + ": the kernel uses " + Long.toUnsignedString(bytes)
                + " bytes, but the segment has " + segment.byteSize());
    }
}
