package dev.linen.internal.elf;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program or library as a file. Unless it was stripped, it contains symbols of static functions, which aren't mapped
 * into memory.
 *
 * <pre>
 *  a section header:
 *  +4   type, 4 bytes: 2 for .symtab
 *  +24  offset of the contents, 8 bytes
 *  +32  size of the contents, 8 bytes
 *  +40  link, 4 bytes: for .symtab the number of the section with the names
 * </pre>
 *
 * <p>The file may be huge, so it is read in pieces; the addresses of the reader are offsets in the file. Each read
 * opens the file again, so that there is nothing to close.
 */
record ElfFile(Path path) implements MemoryReader {

    static final int SECTION_BYTES = 64;

    static final int SYMBOL_TABLE = 2;

    /** Doesn't use a FileChannel, which would be closed if the Java thread is interrupted. */
    @Override
    public boolean read(long offset, byte[] into) {
        // Opening a named pipe would block.
        if (offset < 0 || !Files.isRegularFile(path)) {
            return false;
        }
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            file.seek(offset);
            file.readFully(into);
            return true;
        } catch (IOException | UnsupportedOperationException missingOrShort) {
            return false;
        }
    }

    /** @throws Malformed if the file is stripped, was deleted, or isn't the file that was loaded */
    SymbolTable symbolsOf(LoadedElf image) throws Malformed {
        if (!image.isFrom(this)) {
            throw new Malformed("another file");
        }
        ElfHeader header = ElfHeader.at(this, 0);
        Bytes sections = Bytes.at(this, header.sections(), (long) SECTION_BYTES * header.sectionCount());
        while (sections.hasMore()) {
            Section section = Section.read(sections.take(SECTION_BYTES));
            if (section.type == SYMBOL_TABLE && section.link < header.sectionCount()) {
                Bytes names = sections.rewound();
                names.skip(section.link * SECTION_BYTES);
                Section strings = Section.read(names);
                return new SymbolTable(this, section.offset, section.bytes / SymbolTable.ENTRY_BYTES, strings.offset,
                        strings.bytes);
            }
        }
        throw new Malformed("stripped");
    }

    private record Section(long type, long offset, long bytes, long link) {
        static Section read(Bytes header) throws Malformed {
            header.skip(4);
            long type = header.u32();
            header.skip(24 - 8);
            return new Section(type, header.u64(), header.u64(), header.u32());
        }
    }
}
