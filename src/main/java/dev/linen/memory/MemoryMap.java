package dev.linen.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

import dev.linen.syscall.SyscallException;

/**
 * A snapshot of all memory mappings of this process or of another one: {@code /proc/self/maps}.
 *
 * <p>Other threads may map and unmap memory while the snapshot is taken. Regions are sorted by address and don't
 * overlap.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html">proc_pid_maps(5)</a>
 */
public final class MemoryMap {

    static final Path FILE = Path.of("/proc/self/maps");
    private static final String UNREADABLE = "this process's mappings can't be read";

    private final List<Region> regions;

    private MemoryMap(List<Region> regions) {
        this.regions = regions;
    }

    /**
     * One mapping, which the kernel calls a VMA (virtual memory area).
     *
     * @param start the address of the first byte
     * @param end the address after the last byte
     * @param protection the accesses that are allowed
     * @param shared whether writes are visible to other processes that map the same file
     * @param offset the offset in the file at which the mapping starts, in bytes
     * @param device the device of the file, "major:minor" in hex; "00:00" without a file
     * @param inode the inode number of the file; 0 without a file
     * @param name the path of the file, followed by " (deleted)" if the file was deleted; or the kernel's name for the
     *        mapping ("[stack]"); or empty. A line feed in the name is written as "\\012"
     */
    public record Region(long start, long end, Protection protection, boolean shared, long offset, String device,
            long inode, String name) {

        /**
         * Returns the size of this region.
         *
         * @return the size in bytes
         */
        public long byteSize() {
            return end - start;
        }

        /**
         * Returns whether an address is in this region.
         *
         * @param address the address, unsigned
         * @return true from {@code start}, inclusive, to {@code end}, exclusive
         */
        public boolean contains(long address) {
            return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
        }

        /**
         * Returns whether this is memory without a named file, such as a heap, a stack or the code cache of a JIT
         * compiler.
         *
         * @return false for files and for pages that the kernel provides ("[vdso]")
         */
        public boolean isAnonymous() {
            // Shared memory and huge pages have internal files of the kernel. A JIT compiler may write code to them.
            return (inode == 0 && name.isEmpty()) || ANONYMOUS_NAMES.stream().anyMatch(name::startsWith);
        }

        /**
         * Returns this region in the format of {@code /proc/self/maps}, with hexadecimal addresses.
         *
         * @return "7f0c2c361000-7f0c2c363000 r-xp 00001000 fe:00 4711 /usr/lib/libfoo.so"
         */
        @Override
        public String toString() {
            String access = letter(Protection.READ, "r") + letter(Protection.WRITE, "w") + letter(Protection.EXEC, "x")
                    + (shared ? "s" : "p");
            return String.format(Locale.ROOT, "%08x-%08x %s %08x %s %d %s", start, end, access, offset, device, inode,
                    name).stripTrailing();
        }

        private String letter(Protection one, String letter) {
            return protection.has(one) ? letter : "-";
        }

        private static final List<String> ANONYMOUS_NAMES = List.of("[anon", "[heap]", "[stack]", "/anon_hugepage",
                "/dev/zero", "/SYSV");

        /** Parses "7f0c-7f0d r-xp 00001000 fe:00 4711   /usr/lib/libfoo.so", with any number of spaces. */
        static Region parse(String line) {
            String[] fields = line.split(" +", 6);
            int dash = fields[0].indexOf('-');
            return new Region(Long.parseUnsignedLong(fields[0].substring(0, dash), 16),
                    Long.parseUnsignedLong(fields[0].substring(dash + 1), 16), protection(fields[1]),
                    fields[1].charAt(3) == 's', Long.parseUnsignedLong(fields[2], 16), fields[3],
                    Long.parseUnsignedLong(fields[4]), fields.length > 5 ? fields[5] : "");
        }

        private static Protection protection(String letters) {
            Protection protection = Protection.NONE;
            protection = letters.charAt(0) == 'r' ? protection.with(Protection.READ) : protection;
            protection = letters.charAt(1) == 'w' ? protection.with(Protection.WRITE) : protection;
            return letters.charAt(2) == 'x' ? protection.with(Protection.EXEC) : protection;
        }
    }

    /**
     * Takes a snapshot of this process.
     *
     * @return the current mappings
     * @throws UncheckedIOException if {@code /proc/self/maps} can't be read
     */
    public static MemoryMap read() {
        return read(FILE, UNREADABLE);
    }

    /**
     * Takes a snapshot of another process.
     *
     * @param pid the process id
     * @return the current mappings of that process; none if it is a zombie or a kernel thread
     * @throws UncheckedIOException if {@code /proc/PID/maps} can't be read: there is no such process, or this process
     *         has no permission to inspect it
     */
    public static MemoryMap read(long pid) {
        return read(Path.of("/proc", Long.toString(pid), "maps"), "the mappings of process " + pid + " can't be read");
    }

    private static MemoryMap read(Path file, String failure) {
        String text = text(file, failure);
        return new MemoryMap(
                text.isEmpty() ? List.of() : Arrays.stream(text.split("\n")).map(Region::parse).toList());
    }

    private static String text(Path file, String failure) {
        try {
            // Not readAllLines: a file name may contain carriage returns, and bytes that aren't valid UTF-8.
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(failure, unreadable);
        }
    }

    /**
     * Finds the mapping at an address without a snapshot of all mappings, of which a JVM has hundreds. Since Linux 6.11
     * this is a single query to the kernel; on older kernels the file is searched.
     *
     * @param address the address, unsigned
     * @return the region that contains the address; empty if nothing is mapped there
     * @throws UncheckedIOException if {@code /proc/self/maps} can't be read
     */
    public static Optional<Region> regionAt(long address) {
        if (address >= 0) {
            try {
                return RegionQuery.lineAt(address, FILE).map(Region::parse);
            } catch (SyscallException unsupported) {
                // search the file instead
            }
        }
        // The kernel's half of the address space has only "[vsyscall]", which the file lists but the query doesn't
        // find.
        return search(text(FILE, UNREADABLE), address);
    }

    /** Of the lines, which are in the order of their addresses, only one is parsed: many threads have many mappings. */
    private static Optional<Region> search(String text, long address) {
        int begin = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
            int dash = text.indexOf('-', begin);
            long regionEnd = Long.parseUnsignedLong(text, dash + 1, text.indexOf(' ', dash), 16);
            if (Long.compareUnsigned(address, regionEnd) < 0) {
                return Optional.of(Region.parse(text.substring(begin, end))).filter(region -> region.contains(address));
            }
            begin = end + 1;
        }
        return Optional.empty();
    }

    /**
     * Returns all mappings.
     *
     * @return the regions, lowest address first
     */
    public List<Region> regions() {
        return regions;
    }

    /**
     * Finds the mapping at an address.
     *
     * @param address the address, unsigned
     * @return the region that contains the address; empty if nothing is mapped there
     */
    public Optional<Region> find(long address) {
        return regions.stream().filter(region -> region.contains(address)).findFirst();
    }
}
