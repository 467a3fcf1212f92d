package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * What the kernel told this process when it started it: {@code unsigned long getauxval(unsigned long type)}.
 *
 * <p>Pairs of a type ({@code AT_PAGESZ}, {@code AT_MINSIGSTKSZ}, ...) and a value, each a long in the CPU's byte order,
 * read once from {@code /proc/self/auxv}.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/getauxval.3.html">getauxval(3)</a>
 */
public final class AuxiliaryVector {

    private static final Path FILE = Path.of("/proc/self/auxv");

    private AuxiliaryVector() {}

    private static final class Entries {
        static final long[] TYPE_VALUE = read();

        private static long[] read() {
            try {
                return MemorySegment.ofArray(Files.readAllBytes(FILE)).toArray(JAVA_LONG.withByteAlignment(1));
            } catch (IOException unreadable) {
                return new long[0];
            }
        }
    }

    /**
     * The value of a type.
     *
     * @param type an {@code AT_} number of linux/auxvec.h
     * @return its value; empty when this kernel doesn't give one, or {@code /proc} can't be read
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
