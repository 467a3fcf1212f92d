package dev.linen.internal.elf;

/**
 * An FDE (frame description entry) of .eh_frame: a function, and the program that computes where it keeps the registers
 * of its caller. It refers to a CIE (common information entry), which several FDEs share.
 *
 * <pre>
 *   CIE                                            FDE
 *  ┌──────────────────────────────────────┐       ┌──────────────────────────────────────┐
 *  │ length        4 bytes (or 4 + 8)     │       │ length        4 bytes (or 4 + 8)     │
 *  │ 0             4 bytes: a CIE         │◄──────│ CIE           4 bytes: how far back  │
 *  │ version       1 byte: 1 or 3         │       │ start         of the function        │
 *  │ augmentation  "zR", "zPLR", "zRS"    │       │ bytes         of the function        │
 *  │ code factor   LEB128: 1              │       │ augmentation  its size, what it says │
 *  │ data factor   LEB128: -8             │       ├──────────────────────────────────────┤
 *  │ return address's register: 16        │       │ DW_CFA_advance_loc 1                 │
 *  │ augmentation  its size, what it says │       │ DW_CFA_def_cfa_offset 16             │
 *  ├──────────────────────────────────────┤       │ DW_CFA_offset rbp -16                │
 *  │ DW_CFA_def_cfa rsp 8                 │       │ ...                                  │
 *  │ DW_CFA_offset rip -8                 │       └──────────────────────────────────────┘
 *  └──────────────────────────────────────┘
 * </pre>
 *
 * @param code the addresses of the function
 * @param program the instructions of the FDE, which are executed after those of the CIE
 * @see <a href="https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/ehframechpt.html">LSB,
 *      Exception Frames</a>
 */
record FrameDescription(Common common, Range code, Bytes program) {

    private static final long LONG_FORM = 0xffff_ffffL;

    /** @param address the start of the FDE */
    static FrameDescription at(MemoryReader memory, long address) throws Malformed {
        Bytes bytes = entry(memory, address);
        long here = bytes.position();
        long back = bytes.u32();
        if (back == 0) {
            throw new Malformed("a CIE instead of an FDE");
        }
        Common common = Common.at(memory, here - back);
        Range code = Range.of(common.pointer.read(bytes, 0), common.pointer.absolute().read(bytes, 0));
        if (common.augmented) {
            bytes.skip(bytes.uleb());
        }
        return new FrameDescription(common, code, bytes.take(bytes.remaining()));
    }

    /** Returns the contents of an entry, without its length. */
    private static Bytes entry(MemoryReader memory, long address) throws Malformed {
        long length = Bytes.at(memory, address, Integer.BYTES).u32();
        if (length != LONG_FORM) {
            return Bytes.at(memory, address + Integer.BYTES, length);
        }
        long start = address + Integer.BYTES + Long.BYTES;
        return Bytes.at(memory, start, Bytes.at(memory, start - Long.BYTES, Long.BYTES).u64());
    }

    /**
     * A CIE.
     *
     * @param codeFactor the factor of location steps in the program
     * @param dataFactor the factor of offsets in the program
     * @param augmented whether the CIE and the FDE contain the size of their augmentation data
     * @param pointer the encoding of the function's start in the FDE
     * @param signalFrame whether the caller was interrupted by a signal, so that its program counter isn't a return address
     */
    record Common(long codeFactor, long dataFactor, long returnAddress, boolean augmented, EncodedPointer pointer,
            boolean signalFrame, Bytes program) {

        static Common at(MemoryReader memory, long address) throws Malformed {
            Bytes bytes = entry(memory, address);
            long zero = bytes.u32();
            int version = bytes.u8();
            String augmentation = bytes.text();
            if (zero != 0 || (version != 1 && version != 3)) {
                throw new Malformed("not a CIE");
            }
            long codeFactor = bytes.uleb();
            long dataFactor = bytes.sleb();
            long returnAddress = version == 1 ? bytes.u8() : bytes.uleb();
            boolean augmented = augmentation.startsWith("z");
            EncodedPointer pointer = new EncodedPointer(0);
            if (augmented) {
                Bytes additional = bytes.take(bytes.uleb());
                pointer = pointer(augmentation, additional);
            } else if (!augmentation.isEmpty()) {
                throw new Malformed("an augmentation of unknown size");
            }
            return new Common(codeFactor, dataFactor, returnAddress, augmented, pointer, augmentation.contains("S"),
                    bytes.take(bytes.remaining()));
        }

        /** Each letter of the augmentation describes the next bytes. */
        private static EncodedPointer pointer(String augmentation, Bytes additional) throws Malformed {
            for (char letter : augmentation.substring(1).toCharArray()) {
                switch (letter) {
                    case 'R' -> {
                        return new EncodedPointer(additional.u8());
                    }
                    case 'L' -> additional.skip(1); // the encoding of the pointer to the catch blocks
                    case 'P' -> new EncodedPointer(additional.u8()).skip(additional); // the C++ personality function
                    case 'S', 'B', 'G' -> {
                    } // flags without data; B: return addresses are signed by key B; G: the stack has tags
                    default -> throw new Malformed("an unknown augmentation");
                }
            }
            return new EncodedPointer(0);
        }
    }
}
