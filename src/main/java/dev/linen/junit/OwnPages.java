package dev.linen.junit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import dev.linen.internal.elf.MemoryReader;
import dev.linen.memory.Mapping;

/**
 * Reads this process's memory through {@code /proc/self/mem}: memory that is unmapped meanwhile, or a guard page, is an
 * error of the read and doesn't crash. Unlike {@code process_vm_readv}, no seccomp filter of a container refuses it.
 */
final class OwnPages implements MemoryReader, AutoCloseable {

    private static final long IN_MEMORY_OR_SWAP = 0b11L << 62; // bits 62 and 63 of an entry of pagemap

    private final int pageBytes = (int) Mapping.pageSize();
    private final RandomAccessFile memory;
    private final RandomAccessFile pagemap;

    OwnPages() throws IOException {
        memory = new RandomAccessFile("/proc/self/mem", "r");
        RandomAccessFile entries = null;
        try {
            entries = new RandomAccessFile("/proc/self/pagemap", "r");
        } finally {
            if (entries == null) {
                memory.close();
            }
        }
        pagemap = entries;
    }

    /** What is done with a page. */
    interface Visitor {
        void visit(long address, ByteBuffer contents);
    }

    @Override
    public boolean read(long address, byte[] into) {
        return read(memory, address, into) == into.length;
    }

    /** Visits the pages of a range that have contents. A page that was never written has none. */
    void forEachUsed(long start, long end, Visitor visitor) {
        byte[] entries = new byte[Long.BYTES << 9];
        for (long at = start; at < end; at += (long) pageBytes << 9) {
            int bytes = read(pagemap, at / pageBytes * Long.BYTES, entries);
            ByteBuffer states = ByteBuffer.wrap(entries, 0, Math.max(bytes, 0)).order(ByteOrder.LITTLE_ENDIAN);
            for (long page = at; page < end && states.remaining() >= Long.BYTES; page += pageBytes) {
                if ((states.getLong() & IN_MEMORY_OR_SWAP) != 0) {
                    visit(page, visitor);
                }
            }
        }
    }

    private void visit(long page, Visitor visitor) {
        byte[] contents = new byte[pageBytes];
        if (read(page, contents)) {
            visitor.visit(page, ByteBuffer.wrap(contents).order(ByteOrder.LITTLE_ENDIAN));
        }
    }

    private static int read(RandomAccessFile file, long position, byte[] into) {
        int done = 0;
        try {
            file.seek(position);
            for (int read = 0; read >= 0 && done < into.length; done += Math.max(read, 0)) {
                read = file.read(into, done, into.length - done);
            }
        } catch (IOException unmapped) {
            // the bytes before it were read
        }
        return done;
    }

    @Override
    public void close() throws IOException {
        memory.close();
        pagemap.close();
    }
}
