package dev.linen.internal.elf;

/**
 * The encoding of pointers in .eh_frame, which is given by one byte.
 *
 * <pre>
 *  bit 7      bits 6-4: relative to           bits 3-0: size
 *  ┌────────┬───────────────────────────────┬──────────────────────────────────────────┐
 *  │indirect│ 0 nothing  1 itself  3 .hdr   │ 0, 4, 12: 8 bytes   3, 11: 4  2, 10: 2   │
 *  └────────┴───────────────────────────────┴─ 1, 9: LEB128; from 9 on with a sign ────┘
 *  0xff: there is no pointer
 * </pre>
 *
 * @param encoding the byte
 */
record EncodedPointer(int encoding) {

    private static final int OMITTED = 0xff;
    private static final int INDIRECT = 0x80;

    boolean isOmitted() {
        return encoding == OMITTED;
    }

    /** Returns the encoding of the same size, but relative to nothing, which is used for lengths. */
    EncodedPointer absolute() {
        return new EncodedPointer(encoding & 0xf);
    }

    /** Returns the size in bytes, for tables whose entries must have a fixed size. */
    int size() throws Malformed {
        return switch (encoding & 0xf) {
            case 0x0, 0x4, 0xc -> Long.BYTES;
            case 0x3, 0xb -> Integer.BYTES;
            case 0x2, 0xa -> Short.BYTES;
            default -> throw new Malformed("pointers without a fixed size");
        };
    }

    /**
     * Reads a pointer.
     *
     * @param header the start of .eh_frame_hdr; 0 in .eh_frame, where no pointer is relative to it
     */
    long read(Bytes bytes, long header) throws Malformed {
        long origin = switch (encoding & 0x70) {
            case 0x00 -> 0;
            case 0x10 -> bytes.position();
            case 0x30 -> header;
            default -> throw new Malformed("a pointer relative to something else");
        };
        if ((encoding & INDIRECT) != 0) {
            throw new Malformed("a pointer to a pointer"); // used for the personality only, which is skipped
        }
        return origin + value(bytes);
    }

    void skip(Bytes bytes) throws Malformed {
        value(bytes);
    }

    private long value(Bytes bytes) throws Malformed {
        return switch (encoding & 0xf) {
            case 0x0, 0x4, 0xc -> bytes.u64();
            case 0x1 -> bytes.uleb();
            case 0x2 -> bytes.u16();
            case 0x3 -> bytes.u32();
            case 0x9 -> bytes.sleb();
            case 0xa -> bytes.s16();
            case 0xb -> bytes.s32();
            default -> throw new Malformed("a pointer of an unknown form");
        };
    }
}
