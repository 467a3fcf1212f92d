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
 * What the kernel told this process when it started it: {@code unsigned long getauxval(unsigned long type)}.
 *
 * <p>Pairs of a type ({@code AT_PAGESZ}, {@code AT_MINSIGSTKSZ}, ...) and a value, each a long in the CPU's byte order,
 * read once from {@code /proc/self/auxv} or, where that can't be, by {@code prctl(PR_GET_AUXV)} (Linux 6.4).
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/getauxval.3.html">getauxval(3)</a>
 */
public final class AuxiliaryVector {

    private static final Path FILE = Path.of("/proc/self/auxv");

    /** The kernel has some twenty pairs; the rest stays 0, AT_NULL. */
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
     * The value of a type.
     *
     * @param type an {@code AT_} number of linux/auxvec.h
     * @return its value; empty when this kernel doesn't give one, or the vector can't be read
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
