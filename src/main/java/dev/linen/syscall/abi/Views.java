package dev.linen.syscall.abi;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

import dev.linen.internal.linux.Machine;

/** What the views of structs share. */
final class Views {

    /** Whether this is an aarch64, whose numbers and layouts differ in places from x86_64's. */
    static final boolean AARCH64 = Machine.THIS == Machine.AARCH64;

    private Views() {}

    static void check(MemorySegment segment, long size) {
        if (segment.byteSize() < size) {
            throw new IndexOutOfBoundsException("the struct has " + size + " bytes, the segment " + segment.byteSize());
        }
    }

    /** An arena's memory is zero anyway, that of other allocators may not be. */
    static MemorySegment allocate(SegmentAllocator allocator, long bytes, long alignment) {
        return allocator.allocate(bytes, alignment).fill((byte) 0);
    }

    /** Reads a bit field: some bits of an integer. */
    static long bits(MemorySegment segment, long offset, int bytes, int first, int count) {
        return integer(segment, offset, bytes) >>> first & ((1L << count) - 1);
    }

    /** Writes a bit field; the integer's other bits stay as they are. */
    static void setBits(MemorySegment segment, long offset, int bytes, int first, int count, long value) {
        long mask = ((1L << count) - 1) << first;
        long integer = (integer(segment, offset, bytes) & ~mask) | ((value << first) & mask);
        for (int i = 0; i < bytes; i++) {
            int shift = Byte.SIZE * (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? i : bytes - 1 - i);
            segment.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (integer >>> shift));
        }
    }

    /** Writes all of a text and its NUL, or nothing. */
    static void setText(MemorySegment field, String text) {
        long bytes = text.getBytes(StandardCharsets.UTF_8).length + 1L;
        if (bytes > field.byteSize()) {
            throw new IndexOutOfBoundsException(
                    "the text has " + bytes + " bytes with its NUL, the field " + field.byteSize());
        }
        field.setString(0, text);
    }

    private static long integer(MemorySegment segment, long offset, long bytes) {
        return switch ((int) bytes) {
            case Byte.BYTES -> segment.get(ValueLayout.JAVA_BYTE, offset);
            case Short.BYTES -> segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset);
            case Integer.BYTES -> segment.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
            default -> segment.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
        };
    }

    /** Finds a field: also within unions and structs without a name, as C does. */
    static OptionalLong offset(GroupLayout group, String field) {
        long at = 0;
        for (MemoryLayout member : group.memberLayouts()) {
            String name = member.name().orElse("");
            if (!name.isEmpty() && name.equals(field)) {
                return OptionalLong.of(at);
            }
            if (member instanceof GroupLayout inner && (name.isEmpty() || field.startsWith(name + "."))) {
                OptionalLong within = offset(inner, name.isEmpty() ? field : field.substring(name.length() + 1));
                if (within.isPresent()) {
                    return OptionalLong.of(at + within.getAsLong());
                }
            }
            at += group instanceof UnionLayout ? 0 : member.byteSize();
        }
        return OptionalLong.empty();
    }

    /** Writes a struct as {@code name{field=1, other=0x7f00}}; of a union, all alternatives. */
    static String text(String name, StructLayout layout, MemorySegment segment) {
        List<String> fields = new ArrayList<>();
        collect(layout, 0, segment, fields);
        return name + "{" + String.join(", ", fields) + "}";
    }

    private static void collect(GroupLayout group, long start, MemorySegment segment, List<String> fields) {
        long at = start;
        for (MemoryLayout member : group.memberLayouts()) {
            String name = member.name().orElse("");
            if (member instanceof GroupLayout inner) {
                List<String> within = name.isEmpty() ? fields : new ArrayList<>();
                collect(inner, at, segment, within);
                if (!name.isEmpty()) {
                    fields.add(name + "={" + String.join(", ", within) + "}");
                }
            } else if (member instanceof SequenceLayout array) {
                fields.add(name + "[" + array.elementCount() + "]");
            } else if (!(member instanceof PaddingLayout)) {
                long value = integer(segment, at, member.byteSize());
                fields.add(name + "=" + (member instanceof AddressLayout ? "0x" + Long.toHexString(value) : value));
            }
            if (!(group instanceof UnionLayout)) {
                at += member.byteSize();
            }
        }
    }
}
