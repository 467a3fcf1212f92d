package dev.linen.internal.elf;

/**
 * The header of a program or library: its first 64 bytes, which are the same in the file and in memory.
 *
 * <pre>
 *  +0   0x7f 'E' 'L' 'F'
 *  +4   class: 2 for 64 bit
 *  +5   data: 1 for little-endian
 *  +32  offset of the program headers, 8 bytes: the parts to map, see Segment
 *  +40  offset of the section headers, 8 bytes: in the file only, see ElfFile
 *  +54  size of a program header, 2 bytes: 56
 *  +56  number of program headers, 2 bytes
 *  +58  size of a section header, 2 bytes: 64
 *  +60  number of section headers, 2 bytes
 * </pre>
 *
 * @param segments the offset of the program headers, in bytes from this header
 * @param sections the offset of the section headers, in bytes from this header
 * @see <a href="https://man7.org/linux/man-pages/man5/elf.5.html">elf(5)</a>
 */
record ElfHeader(long segments, int segmentCount, long sections, int sectionCount) {

    static final int BYTES = 64;

    private static final long MAGIC_64_LITTLE_ENDIAN = 0x01_02_46_4c_45_7fL;

    /** @throws Malformed if there is no ELF header, or if it is for another kind of CPU */
    static ElfHeader at(MemoryReader memory, long address) throws Malformed {
        Bytes header = Bytes.at(memory, address, BYTES);
        if ((header.u64() & 0xffff_ffff_ffffL) != MAGIC_64_LITTLE_ENDIAN) {
            throw new Malformed("no ELF header, or for another kind of CPU");
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
