package dev.linen.internal.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import dev.linen.memory.MemoryMap;
import dev.linen.testing.ProcessState;
import dev.linen.testing.TestFunctions;

class MemfdLibraryTest {

    private static final int E_TYPE = 16; // struct Elf64_Ehdr

    /** With the same path, the dynamic linker would return the first library again. */
    @Test
    void open_twoLibraries_eachHasItsOwnSymbols() throws IOException {
        SymbolLookup functions = MemfdLibrary.open(Files.readAllBytes(TestFunctions.path("functions")), "one");
        SymbolLookup linen = MemfdLibrary.open(Files.readAllBytes(Path.of("target/classes" + Platform.resource())),
                "two");
        assertTrue(functions.find("identity").isPresent());
        assertFalse(functions.find("linen_syscall").isPresent());
        assertTrue(linen.find("linen_syscall").isPresent());
        assertFalse(linen.find("identity").isPresent());
        assertEquals("/memfd:one (deleted)",
                MemoryMap.read().find(functions.find("identity").get().address()).orElseThrow().name());
    }

    @Test
    void open_garbage_tellsTheDynamicLinkersWordsAndLeavesNoFile() throws IOException {
        // A valid library with one changed byte: HotSpot prints a warning for a file without a PT_GNU_STACK header.
        byte[] garbage = Files.readAllBytes(TestFunctions.path("functions"));
        garbage[E_TYPE] = 1; // ET_REL
        assertThrows(IOException.class, () -> MemfdLibrary.open(garbage, "garbage"));
        int before = ProcessState.now().files();
        IOException refused = assertThrows(IOException.class, () -> MemfdLibrary.open(garbage, "garbage"));
        assertEquals("garbage: only ET_DYN and ET_EXEC can be loaded", refused.getMessage());
        assertEquals(before, ProcessState.now().files());
    }
}
