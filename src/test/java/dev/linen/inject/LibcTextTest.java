package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Linker;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import dev.linen.inject.LibcText.Piece;

class LibcTextTest {

    @Test
    void pieces_ofThisProcess_containWrite() {
        long write = Linker.nativeLinker().defaultLookup().find("write").orElseThrow().address();
        assertTrue(LibcText.pieces().stream().anyMatch(piece -> piece.begin() <= write && write < piece.end()),
                LibcText.pieces()::toString);
    }

    /** A filter compares 32 bits at a time. */
    @Test
    void split_acrossFourGib_isTwoPieces() {
        List<Piece> pieces = new ArrayList<>();
        LibcText.split(0x7fff_ffff_0000L, 0x8000_0001_0000L, pieces);
        LibcText.split(0x1000, 0x1_0000_0000L, pieces);
        assertEquals(List.of(new Piece(0x7fff_ffff_0000L, 0x8000_0000_0000L),
                new Piece(0x8000_0000_0000L, 0x8000_0001_0000L), new Piece(0x1000, 0x1_0000_0000L)), pieces);
    }
}
