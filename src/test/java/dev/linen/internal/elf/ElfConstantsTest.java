package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.testing.CProbe;

/** Compares the constants of this package with the system's elf.h. The output of jextract doesn't contain them. */
class ElfConstantsTest {

    private static final Map<String, Integer> OURS = new LinkedHashMap<>();
    static {
        OURS.put("ELFCLASS64", ElfHeader.CLASS_64);
        OURS.put("ELFDATA2LSB", ElfHeader.LITTLE_ENDIAN);
        OURS.put("ELFDATA2MSB", ElfHeader.BIG_ENDIAN);
        OURS.put("ET_DYN", ElfHeader.SHARED);
        OURS.put("PT_LOAD", Segment.LOAD);
        OURS.put("PT_DYNAMIC", Segment.DYNAMIC);
        OURS.put("PT_NOTE", Segment.NOTE);
        OURS.put("PT_GNU_EH_FRAME", Segment.EH_FRAME);
        OURS.put("PF_X", Segment.EXECUTABLE);
        OURS.put("DT_NULL", LoadedElf.DT_NULL);
        OURS.put("DT_HASH", LoadedElf.DT_HASH);
        OURS.put("DT_STRTAB", LoadedElf.DT_STRTAB);
        OURS.put("DT_SYMTAB", LoadedElf.DT_SYMTAB);
        OURS.put("DT_STRSZ", LoadedElf.DT_STRSZ);
        OURS.put("DT_GNU_HASH", LoadedElf.DT_GNU_HASH);
        OURS.put("SHT_SYMTAB", ElfFile.SYMBOL_TABLE);
        OURS.put("STT_NOTYPE", SymbolTable.NO_TYPE);
        OURS.put("STT_FUNC", SymbolTable.FUNCTION);
        OURS.put("STT_GNU_IFUNC", SymbolTable.GNU_IFUNC);
        OURS.put("sizeof(Elf64_Ehdr)", ElfHeader.BYTES);
        OURS.put("sizeof(Elf64_Phdr)", Segment.BYTES);
        OURS.put("sizeof(Elf64_Shdr)", ElfFile.SECTION_BYTES);
        OURS.put("sizeof(Elf64_Sym)", SymbolTable.ENTRY_BYTES);
    }

    @Test
    void constants_all_areThoseOfElfH(@TempDir Path directory) throws IOException {
        CProbe probe = new CProbe().include(Files.writeString(directory.resolve("elf.c"), "#include <elf.h>\n"));
        Map<String, String> expected = new LinkedHashMap<>();
        OURS.forEach((name, value) -> {
            probe.number(name, name);
            expected.put(name, value.toString());
        });
        assertEquals(expected, probe.ask().byName());
    }
}
