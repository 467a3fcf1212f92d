package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;

/**
 * The auxiliary vector, which the kernel passes to a process when it starts it:
 * {@code unsigned long getauxval(unsigned long type)}.
 *
 * <p>It is a list of pairs of a type ({@code AT_PAGESZ}, {@code AT_MINSIGSTKSZ}, ...) and a value, both longs in the
 * CPU's byte order. It is read once, from {@code /proc/self/auxv}. If that file can't be read,
 * {@code prctl(PR_GET_AUXV)} is used instead (since Linux 6.4).
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/getauxval.3.html">getauxval(3)</a>
 */
public final class AuxiliaryVector {

    private static final Path FILE = Path.of("/proc/self/auxv");

    /** Room for 64 pairs; the kernel has about twenty. The rest stays 0, which is AT_NULL. */
    private static final int MOST_LONGS = 128;

    private AuxiliaryVector() {}

    private static final class Entries {
        static final long[] TYPE_VALUE = read();

        private static long[] read() {
            try {
                LongBuffer longs = ByteBuffer.wrap(Files.readAllBytes(FILE)).order(ByteOrder.nativeOrder())
                        .asLongBuffer();
                long[] entries = new long[longs.remaining()];
                longs.get(entries);
                return entries;
            } catch (IOException unreadable) {
                return ask();
            }
        }

        private static long[] ask() {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment entries = arena.allocate(JAVA_LONG, MOST_LONGS);
                long bytes = Syscall.invoke(SyscallNumber.PRCTL, Kernel.PR_GET_AUXV, entries.address(),
                        entries.byteSize(), 0, 0);
                return Syscall.isError(bytes) ? new long[0] : entries.toArray(JAVA_LONG);
            }
        }
    }

    /**
     * Returns the value of a type.
     *
     * @param type an {@code AT_} number from linux/auxvec.h
     * @return the value; empty if this kernel doesn't provide one, or if the vector can't be read
     */
    public static OptionalLong get(long type) {
        long[] entries = Entries.TYPE_VALUE;
        for (int i = 0; i + 1 < entries.length; i += 2) {
            if (entries[i] == type) {
                return OptionalLong.of(entries[i + 1]);
            }
        }
        return OptionalLong.empty();
    }
}
