package dev.linen.internal.fault;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

import dev.linen.internal.elf.MemoryReader;
import dev.linen.memory.Mapping;
import dev.linen.memory.Peek;

/**
 * Reads memory that doesn't change any more by the page, and keeps the pages: unwinding asks for a few bytes thousands
 * of times.
 */
final class PageCache implements MemoryReader {

    /** More is read, but not kept. */
    private static final long MOST_KEPT_BYTES = 4 << 20;

    /** Empty for one that can't be read. */
    private final Map<Long, Optional<byte[]>> pages = new ConcurrentHashMap<>();

    @Override
    public boolean read(long address, byte[] into) {
        int pageBytes = (int) Mapping.pageSize();
        int done = 0;
        while (done < into.length) {
            int offset = (int) Math.floorMod(address + done, Mapping.pageSize());
            Optional<byte[]> page = page(address + done - offset);
            if (page.isEmpty()) {
                return false;
            }
            int part = Math.min(into.length - done, pageBytes - offset);
            System.arraycopy(page.get(), offset, into, done, part);
            done += part;
        }
        return true;
    }

    private Optional<byte[]> page(long address) {
        Optional<byte[]> known = pages.get(address);
        if (known != null) {
            return known;
        }
        byte[] bytes = new byte[(int) Mapping.pageSize()];
        Optional<byte[]> page = Peek.read(address, bytes) ? Optional.of(bytes) : Optional.empty();
        if (pages.size() < MOST_KEPT_BYTES / Mapping.pageSize()) {
            pages.put(address, page);
        }
        return page;
    }
}
