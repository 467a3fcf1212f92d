package dev.linen.internal.stack;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

import dev.linen.memory.Mapping;

/**
 * Which pages of a private mapping have ever been written or read, from {@code /proc/self/pagemap}: one qword a page, bit
 * 63 set when it is in memory, bit 62 when it is swapped out (so that, other than with mincore, a page once touched stays
 * touched).
 *
 * @see <a href="https://docs.kernel.org/admin-guide/mm/pagemap.html">pagemap</a>
 */
public final class TouchedPages {

    private static final String FILE = "/proc/self/pagemap";
    private static final long PRESENT_OR_SWAPPED = 3L << 62;
    private static final int PAGES_A_READ = 8192;

    private TouchedPages() {}

    /**
     * The lowest touched page.
     *
     * @return its offset in the segment, in bytes; empty when none was touched
     */
    public static OptionalLong firstIn(MemorySegment segment) {
        long page = Mapping.pageSize();
        long pages = segment.byteSize() / page;
        ByteBuffer entries = ByteBuffer.allocate(PAGES_A_READ * Long.BYTES).order(ByteOrder.nativeOrder());
        try (RandomAccessFile pagemap = new RandomAccessFile(FILE, "r")) {
            for (long first = 0; first < pages; first += PAGES_A_READ) {
                int count = (int) Math.min(PAGES_A_READ, pages - first);
                pagemap.seek((segment.address() / page + first) * Long.BYTES);
                pagemap.readFully(entries.array(), 0, count * Long.BYTES);
                for (int i = 0; i < count; i++) {
                    if ((entries.getLong(i * Long.BYTES) & PRESENT_OR_SWAPPED) != 0) {
                        return OptionalLong.of((first + i) * page);
                    }
                }
            }
            return OptionalLong.empty();
        } catch (FileNotFoundException missing) {
            throw new UnsupportedOperationException("which pages were touched is unknown here: " + FILE
                    + " can't be opened", missing);
        } catch (IOException failed) {
            throw new UncheckedIOException(FILE + " can't be read", failed);
        }
    }
}
