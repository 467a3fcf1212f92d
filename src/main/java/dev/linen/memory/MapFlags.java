package dev.linen.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import dev.linen.internal.linux.Kernel;

/**
 * The kind of a new mapping: the {@code flags} argument of {@code mmap}.
 *
 * <p>The set of flags is open: bits without a name here are passed to the kernel unchanged and printed as a number.
 *
 * @param bits the kernel's {@code MAP_} bits
 * @see <a href="https://man7.org/linux/man-pages/man2/mmap.2.html">mmap(2)</a>
 */
public record MapFlags(int bits) {

    /** {@code MAP_SHARED}: writes change the file and are visible to other processes that map it. */
    public static final MapFlags SHARED = new MapFlags(Kernel.MAP_SHARED);

    /** {@code MAP_PRIVATE}: writes are visible in this mapping only (copy-on-write). */
    public static final MapFlags PRIVATE = new MapFlags(Kernel.MAP_PRIVATE);

    /** {@code MAP_SHARED_VALIDATE}: like SHARED, but an unknown flag is an error (EOPNOTSUPP). Since Linux 4.15. */
    public static final MapFlags SHARED_VALIDATE = new MapFlags(Kernel.MAP_SHARED_VALIDATE);

    /** {@code MAP_FIXED}: map at exactly the given address, and replace what is mapped there. */
    public static final MapFlags FIXED = new MapFlags(Kernel.MAP_FIXED);

    /**
     * {@code MAP_FIXED_NOREPLACE}: map at exactly the given address; EEXIST if something is mapped there. Since Linux
     * 4.17.
     */
    public static final MapFlags FIXED_NOREPLACE = new MapFlags(Kernel.MAP_FIXED_NOREPLACE);

    /** {@code MAP_ANONYMOUS}: memory without a file, initially zero. */
    public static final MapFlags ANONYMOUS = new MapFlags(Kernel.MAP_ANONYMOUS);

    /**
     * {@code MAP_GROWSDOWN}: the mapping grows downwards when the page below it is accessed. Avoid it: nothing limits
     * the growth.
     */
    public static final MapFlags GROWSDOWN = new MapFlags(Kernel.MAP_GROWSDOWN);

    /** {@code MAP_LOCKED}: the pages are kept in memory, as by mlock. */
    public static final MapFlags LOCKED = new MapFlags(Kernel.MAP_LOCKED);

    /** {@code MAP_NORESERVE}: no swap space is reserved. */
    public static final MapFlags NORESERVE = new MapFlags(Kernel.MAP_NORESERVE);

    /** {@code MAP_POPULATE}: the page tables are filled when the mapping is created. */
    public static final MapFlags POPULATE = new MapFlags(Kernel.MAP_POPULATE);

    /** {@code MAP_NONBLOCK}: with POPULATE, fills the page tables only for pages that are already in memory. */
    public static final MapFlags NONBLOCK = new MapFlags(Kernel.MAP_NONBLOCK);

    /** {@code MAP_STACK}: the memory is used as a stack. Since Linux 6.7 this disables transparent huge pages. */
    public static final MapFlags STACK = new MapFlags(Kernel.MAP_STACK);

    /** {@code MAP_HUGETLB}: use huge pages from the pool that the administrator reserved. */
    public static final MapFlags HUGETLB = new MapFlags(Kernel.MAP_HUGETLB);

    /** {@code MAP_SYNC}: with SHARED_VALIDATE, for persistent memory (DAX). Since Linux 4.15. */
    public static final MapFlags SYNC = new MapFlags(Kernel.MAP_SYNC);

    /** SHARED_VALIDATE comes first, because its bits are those of SHARED and PRIVATE together. */
    private static final FlagNames NAMES = new FlagNames()
            .add(Kernel.MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE")
            .add(Kernel.MAP_SHARED, "MAP_SHARED")
            .add(Kernel.MAP_PRIVATE, "MAP_PRIVATE")
            .add(Kernel.MAP_FIXED, "MAP_FIXED")
            .add(Kernel.MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE")
            .add(Kernel.MAP_ANONYMOUS, "MAP_ANONYMOUS")
            .add(Kernel.MAP_GROWSDOWN, "MAP_GROWSDOWN")
            .add(Kernel.MAP_LOCKED, "MAP_LOCKED")
            .add(Kernel.MAP_NORESERVE, "MAP_NORESERVE")
            .add(Kernel.MAP_POPULATE, "MAP_POPULATE")
            .add(Kernel.MAP_NONBLOCK, "MAP_NONBLOCK")
            .add(Kernel.MAP_STACK, "MAP_STACK")
            .add(Kernel.MAP_HUGETLB, "MAP_HUGETLB")
            .add(Kernel.MAP_SYNC, "MAP_SYNC");

    /**
     * Returns the union of these flags and others.
     *
     * @param other the flags to add
     * @return the union
     */
    public MapFlags with(MapFlags other) {
        return new MapFlags(bits | other.bits);
    }

    /**
     * Returns whether these flags contain all of the given ones.
     *
     * @param other the flags to look for
     * @return true if all bits of {@code other} are set
     */
    public boolean has(MapFlags other) {
        return (bits & other.bits) == other.bits;
    }

    /**
     * The number of bytes that the size of such a mapping must be a multiple of: the huge page size for HUGETLB,
     * otherwise 1.
     */
    long hugePageBytes() {
        if (!has(HUGETLB)) {
            return 1;
        }
        int exponent = bits >>> Kernel.MAP_HUGE_SHIFT & Kernel.MAP_HUGE_MASK;
        return exponent != 0 ? 1L << exponent : DefaultHugePage.BYTES;
    }

    /** Read from the line "Hugepagesize:    2048 kB" of /proc/meminfo. */
    private static final class DefaultHugePage {
        static final long BYTES = read();

        private static long read() {
            try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
                return lines.filter(line -> line.startsWith("Hugepagesize:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10).findFirst().orElse(1);
            } catch (IOException | UncheckedIOException unreadable) {
                return 1;
            }
        }
    }

    /**
     * Returns the flags as in C.
     *
     * @return "MAP_PRIVATE|MAP_ANONYMOUS"
     */
    @Override
    public String toString() {
        return NAMES.describe(bits);
    }
}
