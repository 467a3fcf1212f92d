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
 * Determines which pages of a private mapping have ever been read or written, from {@code /proc/self/pagemap}. That
 * file has one qword for each page. Bit 63 is set if the page is in memory, bit 62 if it is swapped out; so, unlike
 * with mincore, a touched page stays touched.
 *
 * @see <a href="https://docs.kernel.org/admin-guide/mm/pagemap.html">pagemap</a>
 */
public final class TouchedPages {

    private static final String FILE = "/proc/self/pagemap";
    private static final long PRESENT_OR_SWAPPED = 3L << 62;
    private static final int PAGES_A_READ = 8192;

    private TouchedPages() {}

    /**
     * Returns the lowest touched page.
     *
     * @return the offset of the page in the segment, in bytes; empty if no page was touched
     */
    public static OptionalLong firstIn(MemorySegment segment) {
        long page = Mapping.pageSize();
        long pages = segment.byteSize() / page;
        ByteBuffer entries = ByteBuffer.allocate((int) Math.min(PAGES_A_READ, pages) * Long.BYTES)
                .order(ByteOrder.nativeOrder());
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
            throw new UnsupportedOperationException("the touched pages are unknown, because " + FILE
                    + " can't be opened", missing);
        } catch (IOException failed) {
            throw new UncheckedIOException(FILE + " can't be read", failed);
        }
    }
}
