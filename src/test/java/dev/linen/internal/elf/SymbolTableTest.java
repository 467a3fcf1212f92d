package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Finds functions in tables that no compiler would make. */
class SymbolTableTest {

    private static final long NAMES = 1L << 40;
    private static final int ADDRESS = 0x1000;
    private static final int SIZE = 16;

    /** A table in which one function has many names. */
    private static final class Aliases implements MemoryReader {

        private final byte[] entries;
        private final byte[] names;
        private int namesRead;

        /** All names begin with underscores, except that of the best alias. */
        Aliases(int count, int best) {
            String text = IntStream.range(0, count).mapToObj(i -> i == best ? "best\0" : "__alias\0")
                    .collect(Collectors.joining("", "\0", ""));
            names = text.getBytes(StandardCharsets.US_ASCII);
            ByteBuffer table = ByteBuffer.allocate(count * SymbolTable.ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            int name = 1;
            for (int i = 0; i < count; i++) {
                table.putInt(name).put((byte) SymbolTable.FUNCTION).put((byte) 0).putShort((short) 1);
                table.putLong(ADDRESS).putLong(SIZE);
                name = text.indexOf('\0', name) + 1;
            }
            entries = table.array();
        }

        @Override
        public boolean read(long address, byte[] into) {
            namesRead += address >= NAMES ? 1 : 0;
            byte[] source = address >= NAMES ? names : entries;
            System.arraycopy(source, (int) (address & (NAMES - 1)), into, 0, into.length);
            return true;
        }
    }

    /**
     * A name is compared twice: as that of the function that includes the address, and of the last one below it. With
     * 100,000 names and no bound, a report took 18 seconds.
     */
    @ParameterizedTest
    @CsvSource({"10, 9, best", "33, 32, best", "34, 33, __alias", "100000, 32, best", "100000, 99999, __alias"})
    void at_functionHasManyNames_comparesTheFirst33(int count, int best, String expected) {
        Aliases aliases = new Aliases(count, best);
        SymbolTable table = new SymbolTable(aliases, /* entries */ 0, count, NAMES, aliases.names.length);
        Symbol found = table.at(ADDRESS + 1, new Range(ADDRESS, ADDRESS + SIZE)).orElseThrow();
        assertEquals(new Symbol(expected, ADDRESS, SIZE), found);
        int comparisons = Math.min(2 * (count - 1), 64);
        assertEquals(2 * comparisons + /* the result */ 1, aliases.namesRead);
    }
}
