package dev.linen.internal.elf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A program or library as it is mapped in memory. Its file isn't needed, so it may be stripped or deleted, a memfd or
 * the vdso.
 *
 * <pre>
 *   base ┌──────────────────┐ ElfHeader
 *        │ program headers  │ Segments: LOAD (the mapped parts), DYNAMIC, EH_FRAME, NOTE
 *        │ .dynsym .dynstr  │ SymbolTable of exports and imports, found by DYNAMIC
 *        │ .eh_frame_hdr    │ UnwindTable, found by EH_FRAME
 *        ├──────────────────┤
 *        │ code             │
 *        ├──────────────────┤
 *        │ .dynamic, data   │
 *    end └──────────────────┘
 * </pre>
 *
 * <p>The addresses in the image itself are file addresses: those of an image that wasn't relocated. The bias must be
 * added to get an address in memory.
 */
public final class LoadedElf {

    static final int DT_NULL = 0;
    static final int DT_HASH = 4;
    static final int DT_STRTAB = 5;
    static final int DT_SYMTAB = 6;
    static final int DT_STRSZ = 10;
    static final int DT_GNU_HASH = 0x6ffffef5;

    /** A limit; a note with a build id has 20 bytes and a header. */
    private static final long MOST_NOTE_BYTES = 4096;

    private final MemoryReader memory;
    private final long base;
    private final long bias;
    private final ElfHeader header;
    private final List<Segment> segments;
    private final Range range;

    private LoadedElf(MemoryReader memory, long base) throws Malformed {
        this.memory = memory;
        this.base = base;
        header = ElfHeader.at(memory, base);
        segments = Segment.all(memory, base, header);
        Segment first = first(Segment.LOAD);
        if (first.offset() != 0) {
            throw new Malformed("its header isn't mapped");
        }
        bias = base - first.address();
        long end = base;
        for (Segment segment : segments) {
            long segmentEnd = segment.range().end() + bias;
            end = segment.type() == Segment.LOAD && Long.compareUnsigned(segmentEnd, end) > 0 ? segmentEnd : end;
        }
        range = new Range(base, end);
    }

    /**
     * Returns the image at an address.
     *
     * @param base the lowest address at which the file is mapped
     * @return the image; empty if there is no ELF header, if it is for another kind of CPU, or if it is corrupt
     */
    public static Optional<LoadedElf> at(MemoryReader memory, long base) {
        try {
            return Optional.of(new LoadedElf(memory, base));
        } catch (Malformed none) {
            return Optional.empty();
        }
    }

    /** Returns the range from the header to the end of the last mapped part. */
    public Range range() {
        return range;
    }

    /** Converts an address in memory to a file address, which tools such as addr2line use. */
    public long fileAddress(long address) {
        return address - bias;
    }

    long memoryAddress(long fileAddress) {
        return fileAddress + bias;
    }

    /** Returns the executable segment that contains an address in memory, as a range of file addresses. */
    Optional<Range> codeAt(long address) {
        return segments.stream().filter(Segment::isCode).map(Segment::range)
                .filter(code -> code.contains(fileAddress(address))).findFirst();
    }

    UnwindTable unwindTable() throws Malformed {
        Segment segment = first(Segment.EH_FRAME);
        return UnwindTable.at(memory, Range.of(memoryAddress(segment.address()), segment.memoryBytes()));
    }

    /** Returns the name of the imported or exported symbol that a pointer points to; empty if it points elsewhere. */
    public Optional<String> symbolNameAt(long pointer) {
        try {
            return dynamicSymbols().nameAt(pointer);
        } catch (Malformed none) {
            return Optional.empty();
        }
    }

    /** Returns the exported and imported symbols. */
    SymbolTable dynamicSymbols() throws Malformed {
        Segment segment = first(Segment.DYNAMIC);
        Bytes dynamic = Bytes.at(memory, memoryAddress(segment.address()), segment.memoryBytes());
        long[] byTag = new long[DT_STRSZ + 1];
        long gnuHash = 0;
        for (long tag = -1; tag != DT_NULL && dynamic.remaining() >= 2 * Long.BYTES;) {
            tag = dynamic.u64();
            long value = dynamic.u64();
            if (tag >= 0 && tag < byTag.length) {
                byTag[(int) tag] = value;
            } else if (tag == DT_GNU_HASH) {
                gnuHash = value;
            }
        }
        long count = gnuHash != 0
                ? HashTable.countByGnuHash(memory, inMemory(gnuHash))
                : HashTable.countByHash(memory, inMemory(byTag[DT_HASH]));
        return new SymbolTable(memory, inMemory(byTag[DT_SYMTAB]), count, inMemory(byTag[DT_STRTAB]),
                byTag[DT_STRSZ]);
    }

    /**
     * Converts an address in .dynamic to an address in memory. glibc adds the bias to these addresses in place; musl
     * doesn't, and those of the vdso, which is read-only, are never changed. Therefore an address that is inside the
     * mapped image is used as it is.
     */
    private long inMemory(long address) throws Malformed {
        for (long candidate : new long[]{address, address + bias}) {
            if (range.contains(candidate)) {
                return candidate;
            }
        }
        throw new Malformed("outside the image");
    }

    private Segment first(int type) throws Malformed {
        return segments.stream().filter(segment -> segment.type() == type).findFirst()
                .orElseThrow(() -> new Malformed("no such segment"));
    }

    /**
     * Returns whether this image was loaded from a file. It compares the parts that are in both: the headers and the
     * notes.
     */
    boolean isFrom(MemoryReader file) throws Malformed {
        boolean same = isSame(file, 0, base, ElfHeader.BYTES)
                && isSame(file, header.segments(), base + header.segments(),
                        (long) Segment.BYTES * header.segmentCount());
        for (Segment segment : segments) {
            if (same && segment.type() == Segment.NOTE) {
                same = isSame(file, segment.offset(), memoryAddress(segment.address()),
                        Math.clamp(segment.fileBytes(), 0, MOST_NOTE_BYTES));
            }
        }
        return same;
    }

    private boolean isSame(MemoryReader file, long offset, long address, long bytes) {
        byte[] inFile = new byte[(int) bytes];
        byte[] inMemory = new byte[(int) bytes];
        return file.read(offset, inFile) && memory.read(address, inMemory) && Arrays.equals(inFile, inMemory);
    }
}
