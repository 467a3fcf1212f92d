package dev.linen.internal.elf;

/**
 * The first 64 bytes of a program or library, in its file and in memory alike.
 *
 * <pre>
 *  +0   0x7f 'E' 'L' 'F'
 *  +4   class: 2 for 64 bit
 *  +5   data: 1 for little-endian
 *  +32  where the program headers start, 8 bytes: what is to be mapped, see Segment
 *  +40  where the section headers start, 8 bytes: in the file only, see ElfFile
 *  +54  the size of a program header, 2 bytes: 56
 *  +56  how many there are, 2 bytes
 *  +58  the size of a section header, 2 bytes: 64
 *  +60  how many there are, 2 bytes
 * </pre>
 *
 * @param segments where the program headers start, in bytes from this header
 * @param sections where the section headers start
 * @see <a href="https://man7.org/linux/man-pages/man5/elf.5.html">elf(5)</a>
 */
record ElfHeader(long segments, int segmentCount, long sections, int sectionCount) {

    static final int BYTES = 64;

    private static final long MAGIC_64_LITTLE_ENDIAN = 0x01_02_46_4c_45_7fL;

    /** @throws Malformed when there is none, or one for another kind of CPU */
    static ElfHeader at(MemoryReader memory, long address) throws Malformed {
        Bytes header = Bytes.at(memory, address, BYTES);
        if ((header.u64() & 0xffff_ffff_ffffL) != MAGIC_64_LITTLE_ENDIAN) {
            throw new Malformed("not ELF, or for another kind of CPU");
        }
        header.skip(32 - 8);
        long segments = header.u64();
        long sections = header.u64();
        header.skip(54 - 48);
        int segmentBytes = header.u16();
        int segmentCount = header.u16();
        int sectionBytes = header.u16();
        int sectionCount = header.u16();
        if (segmentBytes != Segment.BYTES) {
            throw new Malformed("program headers of another size");
        }
        return new ElfHeader(segments, segmentCount, sections,
                sectionBytes == ElfFile.SECTION_BYTES ? sectionCount : 0);
    }
}
