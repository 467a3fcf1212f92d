package dev.linen.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import dev.linen.internal.linux.Kernel;

/**
 * What kind of mapping to make: the {@code flags} argument of {@code mmap}.
 *
 * <p>Open: bits that linen has no name for are passed on and printed as a number.
 *
 * @param bits the {@code MAP_} bits, as the kernel takes them
 * @see <a href="https://man7.org/linux/man-pages/man2/mmap.2.html">mmap(2)</a>
 */
public record MapFlags(int bits) {

    /** {@code MAP_SHARED}: writes reach the file, and other processes that map it. */
    public static final MapFlags SHARED = new MapFlags(Kernel.MAP_SHARED);

    /** {@code MAP_PRIVATE}: writes stay in this mapping (copy on write). */
    public static final MapFlags PRIVATE = new MapFlags(Kernel.MAP_PRIVATE);

    /** {@code MAP_SHARED_VALIDATE}: as SHARED, but an unknown flag is an error (EOPNOTSUPP). Since Linux 4.15. */
    public static final MapFlags SHARED_VALIDATE = new MapFlags(Kernel.MAP_SHARED_VALIDATE);

    /** {@code MAP_FIXED}: at exactly the given address, replacing what is mapped there. */
    public static final MapFlags FIXED = new MapFlags(Kernel.MAP_FIXED);

    /** {@code MAP_FIXED_NOREPLACE}: at exactly the given address, EEXIST when something is mapped there. Since Linux 4.17. */
    public static final MapFlags FIXED_NOREPLACE = new MapFlags(Kernel.MAP_FIXED_NOREPLACE);

    /** {@code MAP_ANONYMOUS}: memory without a file, zero at first. */
    public static final MapFlags ANONYMOUS = new MapFlags(Kernel.MAP_ANONYMOUS);

    /** {@code MAP_GROWSDOWN}: grows downwards when the page below is touched; avoid it, nothing limits it. */
    public static final MapFlags GROWSDOWN = new MapFlags(Kernel.MAP_GROWSDOWN);

    /** {@code MAP_LOCKED}: its pages are kept in memory, as by mlock. */
    public static final MapFlags LOCKED = new MapFlags(Kernel.MAP_LOCKED);

    /** {@code MAP_NORESERVE}: no swap space is set aside. */
    public static final MapFlags NORESERVE = new MapFlags(Kernel.MAP_NORESERVE);

    /** {@code MAP_POPULATE}: page tables are filled at once. */
    public static final MapFlags POPULATE = new MapFlags(Kernel.MAP_POPULATE);

    /** {@code MAP_NONBLOCK}: with POPULATE: only what is in memory already. */
    public static final MapFlags NONBLOCK = new MapFlags(Kernel.MAP_NONBLOCK);

    /** {@code MAP_STACK}: used as a stack; since Linux 6.7 this keeps huge pages out. */
    public static final MapFlags STACK = new MapFlags(Kernel.MAP_STACK);

    /** {@code MAP_HUGETLB}: huge pages from the pool that the administrator set aside. */
    public static final MapFlags HUGETLB = new MapFlags(Kernel.MAP_HUGETLB);

    /** {@code MAP_SYNC}: with SHARED_VALIDATE: persistent memory (DAX). Since Linux 4.15. */
    public static final MapFlags SYNC = new MapFlags(Kernel.MAP_SYNC);

    /** SHARED_VALIDATE comes first: its bits are those of SHARED and PRIVATE. */
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
     * Both.
     *
     * @param other further flags
     * @return the union
     */
    public MapFlags with(MapFlags other) {
        return new MapFlags(bits | other.bits);
    }

    /**
     * Whether all of the other's bits are set here.
     *
     * @param other the flags to look for
     * @return true when none of them is missing
     */
    public boolean has(MapFlags other) {
        return (bits & other.bits) == other.bits;
    }

    /** What sizes of such mappings are multiples of: 1 unless they are HUGETLB. */
    long hugePageBytes() {
        if (!has(HUGETLB)) {
            return 1;
        }
        int exponent = bits >>> Kernel.MAP_HUGE_SHIFT & Kernel.MAP_HUGE_MASK;
        return exponent != 0 ? 1L << exponent : DefaultHugePage.BYTES;
    }

    /** The line "Hugepagesize:    2048 kB" of /proc/meminfo. */
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
     * As C writes it.
     *
     * @return "MAP_PRIVATE|MAP_ANONYMOUS"
     */
    @Override
    public String toString() {
        return NAMES.describe(bits);
    }
}
