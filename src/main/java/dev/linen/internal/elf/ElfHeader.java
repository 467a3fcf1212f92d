package dev.linen.internal.elf;

import java.nio.ByteOrder;

/**
 * The header of a program or library: its first 64 bytes, which are the same in the file and in memory.
 *
 * <pre>
 *  +0   0x7f 'E' 'L' 'F'
 *  +4   class: 1 for 32 bit, 2 for 64 bit
 *  +5   data: 1 for little-endian, 2 for big-endian
 *  +16  type, 2 bytes: 1 for an object file, 3 for a shared library or a position-independent program
 *  +18  machine, 2 bytes: the CPU
 *
 *  if it is for a 64-bit, little-endian CPU:
 *  +32  offset of the program headers, 8 bytes: the parts to map, see Segment
 *  +40  offset of the section headers, 8 bytes: in the file only, see ElfFile
 *  +54  size of a program header, 2 bytes: 56
 *  +56  number of program headers, 2 bytes
 *  +58  size of a section header, 2 bytes: 64
 *  +60  number of section headers, 2 bytes
 * </pre>
 *
 * @param elfClass the byte at +4
 * @param data the byte at +5
 * @param segments the offset of the program headers, in bytes from this header
 * @param segmentCount 0 if they have another size than expected
 * @param sections the offset of the section headers, in bytes from this header
 * @param sectionCount 0 if they have another size than expected
 * @see <a href="https://man7.org/linux/man-pages/man5/elf.5.html">elf(5)</a>
 */
public record ElfHeader(int elfClass, int data, int type, int machine, long segments, int segmentCount, long sections,
        int sectionCount) {

    static final int BYTES = 64;

    static final int CLASS_64 = 2;
    static final int LITTLE_ENDIAN = 1;
    static final int BIG_ENDIAN = 2;
    static final int SHARED = 3;

    private static final long MAGIC = 0x46_4c_45_7fL;

    /** @throws Malformed if there is no ELF header, or if it isn't for a 64-bit, little-endian CPU */
    static ElfHeader at(MemoryReader memory, long address) throws Malformed {
        ElfHeader header = ofAnyMachine(memory, address);
        if (!header.is64LittleEndian()) {
            throw new Malformed("for another kind of CPU");
        }
        return header;
    }

    /**
     * A header for any kind of CPU; the tables are empty unless it is 64-bit and little-endian.
     *
     * @throws Malformed if there is no ELF header
     */
    static ElfHeader ofAnyMachine(MemoryReader memory, long address) throws Malformed {
        Bytes bytes = Bytes.at(memory, address, BYTES);
        if (bytes.u32() != MAGIC) {
            throw new Malformed("no ELF header");
        }
        int elfClass = bytes.u8();
        int data = bytes.u8();
        bytes.skip(16 - 6);
        ElfHeader header = new ElfHeader(elfClass, data, number(bytes, data), number(bytes, data), 0, 0, 0, 0);
        return header.is64LittleEndian() ? header.withTables(bytes) : header;
    }

    private static int number(Bytes bytes, int data) throws Malformed {
        int number = bytes.u16();
        return data == BIG_ENDIAN ? Short.toUnsignedInt(Short.reverseBytes((short) number)) : number;
    }

    private ElfHeader withTables(Bytes bytes) throws Malformed {
        bytes.skip(32 - 20);
        long segmentStart = bytes.u64();
        long sectionStart = bytes.u64();
        bytes.skip(54 - 48);
        int segmentBytes = bytes.u16();
        int segmentNumber = bytes.u16();
        int sectionBytes = bytes.u16();
        int sectionNumber = bytes.u16();
        return new ElfHeader(elfClass, data, type, machine, segmentStart,
                segmentBytes == Segment.BYTES ? segmentNumber : 0, sectionStart,
                sectionBytes == ElfFile.SECTION_BYTES ? sectionNumber : 0);
    }

    private boolean is64LittleEndian() {
        return elfClass == CLASS_64 && data == LITTLE_ENDIAN;
    }

    /** 32 or 64. */
    public int bits() {
        return 32 * elfClass;
    }

    public ByteOrder order() {
        return data == BIG_ENDIAN ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    /** Whether this is a shared library, or a program that can be loaded like one. */
    public boolean isShared() {
        return type == SHARED;
    }

    /** Whether both are for the same kind of CPU. */
    public boolean isForTheMachineOf(ElfHeader other) {
        return bits() == other.bits() && order().equals(other.order()) && machine == other.machine;
    }
}
