package dev.linen.internal.elf;

import java.util.ArrayList;
import java.util.List;

/**
 * A program header, which describes a part of an image.
 *
 * <pre>
 *  +0   type, 4 bytes      +16  address, 8 bytes           +40  size in memory, 8 bytes
 *  +4   flags, 4 bytes     +24  (physical address)         +48  (alignment)
 *  +8   offset, 8 bytes    +32  size in the file, 8 bytes
 * </pre>
 *
 * @param offset the start in the file
 * @param address the start in memory if the image isn't relocated
 */
record Segment(int type, int flags, long offset, long address, long fileBytes, long memoryBytes) {

    static final int BYTES = 56;

    /** A part that is mapped from the file. */
    static final int LOAD = 1;
    /** Information for the dynamic linker. */
    static final int DYNAMIC = 2;
    /** Notes, such as the build id. */
    static final int NOTE = 4;
    /** The index of the unwind tables, .eh_frame_hdr. */
    static final int EH_FRAME = 0x6474e550;

    static final int EXECUTABLE = 1;

    /** Returns all program headers of an image or file whose ELF header is at {@code base}. */
    static List<Segment> all(MemoryReader memory, long base, ElfHeader header) throws Malformed {
        Bytes bytes = Bytes.at(memory, base + header.segments(), (long) BYTES * header.segmentCount());
        List<Segment> segments = new ArrayList<>();
        while (bytes.hasMore()) {
            int type = bytes.s32();
            int flags = bytes.s32();
            long offset = bytes.u64();
            long address = bytes.u64();
            bytes.skip(Long.BYTES);
            segments.add(new Segment(type, flags, offset, address, bytes.u64(), bytes.u64()));
            bytes.skip(Long.BYTES);
        }
        return segments;
    }

    boolean isCode() {
        return type == LOAD && (flags & EXECUTABLE) != 0;
    }

    Range range() {
        return Range.of(address, memoryBytes);
    }
}
