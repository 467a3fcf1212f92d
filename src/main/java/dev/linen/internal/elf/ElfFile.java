package dev.linen.internal.elf;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A program or library as a file. Unless it was stripped, it contains symbols of static functions, which aren't mapped
 * into memory.
 *
 * <pre>
 *  a section header:
 *  +4   type, 4 bytes: 2 for .symtab
 *  +24  where its contents start, 8 bytes
 *  +32  their size, 8 bytes
 *  +40  link, 4 bytes: for .symtab the number of the section with the names
 * </pre>
 *
 * <p>The file may be huge, so it is read in pieces; the addresses of the reader are offsets in the file. Each read
 * opens the file again, so that there is nothing to close.
 */
public record ElfFile(Path path) implements MemoryReader {

    static final int SECTION_BYTES = 64;

    static final int SYMBOL_TABLE = 2;

    /** Not through a FileChannel: that would fail when the Java thread is interrupted, and close. */
    @Override
    public boolean read(long offset, byte[] into) {
        // A named pipe would block whoever opens it.
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

    /** The file's header, for whichever kind of CPU; empty if it is no ELF file. */
    public Optional<ElfHeader> header() {
        try {
            return Optional.of(ElfHeader.ofAnyMachine(this, 0));
        } catch (Malformed none) {
            return Optional.empty();
        }
    }

    /**
     * The least size that the file must have: it ends where the last of its mapped parts ends, or later. A shorter file
     * was cut off. To load it would crash the process: the dynamic linker maps the missing parts, and its first access
     * to them is a SIGBUS.
     *
     * @return the size in bytes; 0 if the header is for another kind of CPU, or invalid
     */
    public long leastBytes() {
        long end = 0;
        try {
            ElfHeader header = ElfHeader.at(this, 0);
            if (header.segmentCount() == 0) {
                return 0; // which the dynamic linker refuses
            }
            end = header.segments() + (long) Segment.BYTES * header.segmentCount();
            for (Segment segment : Segment.all(this, 0, header)) {
                end = segment.type() == Segment.LOAD ? Math.max(end, segment.offset() + segment.fileBytes()) : end;
            }
        } catch (Malformed cutOff) {
            // even the program headers are missing: the file must at least have those
        }
        return end;
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
