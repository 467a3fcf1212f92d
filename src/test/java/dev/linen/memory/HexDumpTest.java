package dev.linen.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import org.junit.jupiter.api.Test;

class HexDumpTest {

    @Test
    void of_rowsAndARest_showsBytesAndCharacters() {
        MemorySegment bytes = MemorySegment.ofArray("0123456789abcdef\u007f ~\n".getBytes());
        assertEquals("""
                000000000000 30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66 |0123456789abcdef|
                000000000010 7f 20 7e 0a                                      |. ~.|
                """, HexDump.of(bytes));
    }

    @Test
    void of_repeatedRows_leavesThemOutButForTheLast() {
        assertEquals("""
                000000000000 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00 |................|
                *
                000000000040 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00 |................|
                """, HexDump.of(MemorySegment.ofArray(new byte[80])));
    }

    @Test
    void of_nativeMemory_showsAddresses() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(16, 16);
            segment.fill((byte) 0xAB);
            assertEquals(String.format("%012x", segment.address()), HexDump.of(segment).substring(0, 12));
        }
    }

    @Test
    void of_nothing_isNothing() {
        assertEquals("", HexDump.of(MemorySegment.NULL));
    }

    @Test
    void of_closedArena_isRefused() {
        Arena arena = Arena.ofConfined();
        MemorySegment segment = arena.allocateFrom(JAVA_BYTE, (byte) 1);
        arena.close();
        assertThrows(IllegalStateException.class, () -> HexDump.of(segment));
    }
}
