package dev.linen.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import dev.linen.syscall.SyscallException;

/**
 * Everything that is mapped into this process or another one, at one moment: {@code /proc/self/maps}.
 *
 * <p>A snapshot: other threads map and unmap meanwhile. Regions are in the order of their addresses and don't overlap.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html">proc_pid_maps(5)</a>
 */
public final class MemoryMap {

    static final Path FILE = Path.of("/proc/self/maps");

    private final List<Region> regions;

    private MemoryMap(List<Region> regions) {
        this.regions = regions;
    }

    /**
     * One mapping, a VMA of the kernel's.
     *
     * @param start its lowest address
     * @param end the address behind its last byte
     * @param protection what may be done there
     * @param shared whether writes are seen by others that map the same file
     * @param offset where it starts in its file, in bytes
     * @param device the file's device, "major:minor" in hex; "00:00" without a file
     * @param inode the file's inode number; 0 without a file
     * @param name the file's path, followed by " (deleted)" when it is gone, or the kernel's name for it ("[stack]"), or
     *        empty; a line feed in it is "\\012"
     */
    public record Region(long start, long end, Protection protection, boolean shared, long offset, String device,
            long inode, String name) {

        /**
         * Its size.
         *
         * @return the size in bytes
         */
        public long byteSize() {
            return end - start;
        }

        /**
         * Whether an address lies in it.
         *
         * @param address the address, unsigned
         * @return true from start up to, but without, end
         */
        public boolean contains(long address) {
            return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
        }

        /**
         * Whether it is memory without a file that has a name, such as heaps, stacks and what a JIT compiler writes its code to.
         *
         * @return false for files and for the kernel's own pages ("[vdso]")
         */
        public boolean isAnonymous() {
            // The kernel puts a file of its own behind shared memory and huge pages: a JIT compiler's code may lie in them.
            return (inode == 0 && name.isEmpty()) || ANONYMOUS_NAMES.stream().anyMatch(name::startsWith);
        }

        private static final List<String> ANONYMOUS_NAMES = List.of("[anon", "[heap]", "[stack]", "/anon_hugepage",
                "/dev/zero", "/SYSV");

        /** 7f0c-7f0d r-xp 00001000 fe:00 4711   /usr/lib/libfoo.so, with any number of blanks before the name. */
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
     * Takes a snapshot.
     *
     * @return what is mapped now
     * @throws UncheckedIOException when {@code /proc/self/maps} can't be read
     */
    public static MemoryMap read() {
        return read(FILE, "this process's mappings can't be read");
    }

    /**
     * Takes a snapshot of another process.
     *
     * @param pid its id
     * @return what is mapped there now; nothing when it has ended and is a zombie, or is one of the kernel's own
     * @throws UncheckedIOException when {@code /proc/PID/maps} can't be read: there is no such process, or this one may
     *         not look into it
     */
    public static MemoryMap read(long pid) {
        return read(Path.of("/proc", Long.toString(pid), "maps"), "the mappings of process " + pid + " can't be read");
    }

    private static MemoryMap read(Path file, String failure) {
        try {
            // Not readAllLines: a file's name may be any bytes, also such as aren't UTF-8, and a carriage return.
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            return new MemoryMap(
                    text.isEmpty() ? List.of() : Arrays.stream(text.split("\n")).map(Region::parse).toList());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(failure, unreadable);
        }
    }

    /**
     * The mapping at an address, without a snapshot of all others: a JVM has hundreds. One question to the kernel since
     * Linux 6.11; {@link #read()} and {@link #find} before.
     *
     * @param address the address, unsigned
     * @return the region it lies in; empty when nothing is mapped there
     * @throws UncheckedIOException when {@code /proc/self/maps} can't be read
     */
    public static Optional<Region> regionAt(long address) {
        if (address >= 0) {
            try {
                return RegionQuery.at(address);
            } catch (SyscallException unanswered) {
                // by reading, then
            }
        }
        // In the kernel's half there is only what the file shows ("[vsyscall]"), and the question finds nothing.
        return read().find(address);
    }

    /**
     * All mappings.
     *
     * @return the regions, lowest address first
     */
    public List<Region> regions() {
        return regions;
    }

    /**
     * The mapping at an address.
     *
     * @param address the address, unsigned
     * @return the region it lies in; empty when nothing is mapped there
     */
    public Optional<Region> find(long address) {
        return regions.stream().filter(region -> region.contains(address)).findFirst();
    }
}
