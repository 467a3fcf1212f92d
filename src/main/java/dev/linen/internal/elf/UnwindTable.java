package dev.linen.internal.elf;

import java.util.Optional;

/**
 * The unwind tables, by which the caller of a function is found: .eh_frame_hdr, an index that is sorted by address, and
 * the entries in .eh_frame.
 *
 * <pre>
 *   .eh_frame_hdr                                   .eh_frame
 *  ┌────────────────────────────────────────┐      ┌──────────────────────────────────────────┐
 *  │ version 1, three encodings   4 bytes   │      │ CIE  common part of the following FDEs   │
 *  │ address of .eh_frame                   │      ├──────────────────────────────────────────┤
 *  │ number of entries                      │  ┌──►│ FDE  one function: its range, and how to │
 *  ├───────────────────┬────────────────────┤  │   │      find its caller from each address   │
 *  │ function's start  │ its FDE            │  │   ├──────────────────────────────────────────┤
 *  │ 0x1000            │ ───────────────────┼──┘   │ FDE                                      │
 *  │ 0x1040            │ ───────────────────┼─────►├──────────────────────────────────────────┤
 *  │ ...               │                    │      │ CIE  ...                                 │
 *  └───────────────────┴────────────────────┘      └──────────────────────────────────────────┘
 * </pre>
 *
 * @param header the start of .eh_frame_hdr
 * @param entries the start of its entries
 * @param pointer the encoding of both columns
 * @see <a href="https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/ehframechpt.html">LSB,
 *      Exception Frames</a>
 */
record UnwindTable(MemoryReader memory, long header, long entries, long count, EncodedPointer pointer) {

    private static final int VERSION = 1;

    /** The size of a version, three encodings and two pointers. */
    private static final long MOST_HEADER_BYTES = 4 + 2 * Long.BYTES;

    /** @param range the range of .eh_frame_hdr, from the program headers */
    static UnwindTable at(MemoryReader memory, Range range) throws Malformed {
        long size = range.end() - range.start();
        Bytes bytes = Bytes.at(memory, range.start(), Math.min(size, MOST_HEADER_BYTES));
        int version = bytes.u8();
        EncodedPointer section = new EncodedPointer(bytes.u8());
        EncodedPointer number = new EncodedPointer(bytes.u8());
        EncodedPointer pointer = new EncodedPointer(bytes.u8());
        if (version != VERSION || number.isOmitted() || pointer.isOmitted()) {
            throw new Malformed("not a sorted table");
        }
        section.skip(bytes);
        long count = number.read(bytes, range.start());
        long most = (range.end() - bytes.position()) / (2L * pointer.size());
        if (count < 0 || count > most) {
            throw new Malformed("more entries than the section has room for");
        }
        return new UnwindTable(memory, range.start(), bytes.position(), count, pointer);
    }

    /** Returns the description of the function at an address; empty for code without tables. */
    Optional<FrameDescription> find(long address) throws Malformed {
        long low = 0;
        long high = count;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (Long.compareUnsigned(function(middle), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0
                ? Optional.empty()
                : Optional.of(description(low - 1)).filter(it -> it.code().contains(address));
    }

    private long function(long index) throws Malformed {
        return pointer.read(entry(index), header);
    }

    FrameDescription description(long index) throws Malformed {
        Bytes entry = entry(index);
        pointer.read(entry, header);
        return FrameDescription.at(memory, pointer.read(entry, header));
    }

    private Bytes entry(long index) throws Malformed {
        int bytes = 2 * pointer.size();
        return Bytes.at(memory, entries + index * bytes, bytes);
    }
}
