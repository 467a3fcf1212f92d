package dev.linen.memory;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.binding.Trampoline;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.registry.FreedMemory;
import dev.linen.syscall.AuxiliaryVector;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A memory mapping: {@code void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)} creates
 * it, and {@link #close} unmaps it with {@code munmap}.
 *
 * <pre>{@code
 * try (Mapping memory = Mapping.anonymous(1 << 20)) {
 *     memory.segment().set(ValueLayout.JAVA_INT, 0, 42);
 *     memory.protect(Protection.READ);
 * }
 * }</pre>
 *
 * <p>A mapping starts at a page boundary; {@link #pageSize()} is the size of a page in bytes. Any thread may use and
 * close a mapping. Closing it again has no effect.
 *
 * <p><b>Crashes.</b> A {@link #segment()} checks its bounds and its lifetime, but not the protection of its pages. An
 * access that the protection doesn't allow crashes the JVM. An access to a page of a file that has been truncated in the
 * meantime is an {@link InternalError} in Java, and a fault on a native thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/mmap.2.html">mmap(2)</a>
 */
public final class Mapping implements AutoCloseable {

    private long address; // set once, before the object is published
    private final long bytes;
    private Protection protection;

    /**
     * Created by the first call that needs it, because closing a shared arena costs a handshake with every Java
     * thread.
     */
    private @Nullable Arena arena;
    private @Nullable MemorySegment segment;
    private boolean closed;

    private Mapping(long bytes, Protection protection) {
        this.bytes = bytes;
        this.protection = protection;
    }

    private static final class PageSize {

        /** Beyond the largest page of any CPU. */
        private static final long MOST_BYTES = 1L << 20;

        static final long BYTES = read();

        private static long read() { // without a lambda, whose class would delay the first thread
            OptionalLong bytes = AuxiliaryVector.get(Kernel.AT_PAGESZ);
            return bytes.isPresent() ? bytes.getAsLong() : find();
        }

        /**
         * Finds it without the auxiliary vector: a process that has changed its user may not read /proc/self/auxv, and
         * prctl(PR_GET_AUXV) needs Linux 6.4. {@code mprotect} refuses an address at which no page can begin (EINVAL),
         * and changes nothing if the length is 0.
         *
         * @return 0 if mprotect is refused
         */
        private static long find() {
            for (long bytes = 4096; bytes <= MOST_BYTES; bytes *= 2) {
                long result = Syscall.invoke(SyscallNumber.MPROTECT, bytes, 0, Kernel.PROT_NONE);
                if (!Syscall.isError(result)) {
                    return bytes;
                }
            }
            return 0;
        }
    }

    /**
     * Returns the size of a page: the kernel maps and protects memory in multiples of it.
     *
     * @return the size in bytes, a power of two
     * @throws UnsupportedOperationException if it can't be determined: the auxiliary vector can't be read, and a seccomp
     *         filter refuses {@code mprotect}
     */
    public static long pageSize() {
        if (PageSize.BYTES == 0) {
            throw new UnsupportedOperationException("the page size is unknown: the auxiliary vector can't be read, and "
                    + "mprotect is refused, perhaps by a seccomp filter");
        }
        return PageSize.BYTES;
    }

    /**
     * Maps memory that is readable, writable and initially zero: {@code MAP_PRIVATE|MAP_ANONYMOUS}.
     *
     * @param bytes the size in bytes; the kernel rounds it up to whole pages
     * @return the mapping
     * @throws IllegalArgumentException if the size isn't positive
     * @throws SyscallException ENOMEM: not enough memory or address space, or too many mappings
     */
    public static Mapping anonymous(long bytes) {
        return anonymous(bytes, Protection.READ_WRITE, MapFlags.PRIVATE);
    }

    /**
     * Maps memory without a file.
     *
     * @param bytes the size in bytes; the kernel rounds it up to whole pages
     * @param protection the accesses that are allowed
     * @param flags PRIVATE or SHARED, and any further flags; ANONYMOUS is added
     * @return the mapping
     * @throws IllegalArgumentException if the size isn't positive; if the flags contain HUGETLB and the size isn't a
     *         multiple of the huge page size; if the flags contain FIXED or FIXED_NOREPLACE
     * @throws SyscallException EINVAL: the flags have neither PRIVATE nor SHARED; ENOMEM: not enough memory or address
     *         space, or too many mappings; EAGAIN: LOCKED, and more than may be locked; EPERM: the system's security
     *         policy forbids it
     */
    public static Mapping anonymous(long bytes, Protection protection, MapFlags flags) {
        return map(bytes, protection, flags.with(MapFlags.ANONYMOUS), /* fd */ -1, /* offset */ 0);
    }

    /**
     * Maps a whole file for reading: {@code PROT_READ}, {@code MAP_PRIVATE}.
     *
     * @param file the file; if it is empty, the mapping is empty too
     * @return the mapping, which has the size of the file
     * @throws IllegalArgumentException if the file is a directory, or a device that has no size, such as /dev/zero
     * @throws SyscallException from {@code openat} (ENOENT, EACCES, ...), {@code lseek} (ESPIPE: a pipe or a terminal;
     *         EINVAL: a file in /proc, which has no size and can only be read) or {@code mmap} (ENODEV: a file that
     *         can't be mapped)
     */
    public static Mapping file(Path file) {
        return file(file, Protection.READ, MapFlags.PRIVATE);
    }

    /**
     * Maps a whole file.
     *
     * @param file the file; if it is empty, the mapping is empty too
     * @param protection the accesses that are allowed; with WRITE and SHARED, the file is opened for writing
     * @param flags PRIVATE or SHARED, and any further flags
     * @return the mapping, which has the size of the file
     * @throws IllegalArgumentException if the file is a directory, or a device that has no size, such as /dev/zero; if
     *         the flags contain ANONYMOUS, FIXED or FIXED_NOREPLACE
     * @throws SyscallException from {@code openat} (ENOENT, EACCES, ...), {@code lseek} (ESPIPE: a pipe or a terminal;
     *         EINVAL: a file in /proc, which has no size and can only be read) or {@code mmap} (ENODEV: a file that
     *         can't be mapped)
     */
    public static Mapping file(Path file, Protection protection, MapFlags flags) {
        requireFile(file, flags);
        try (OpenFile open = OpenFile.of(file, isWritten(protection, flags))) {
            long size = open.size();
            if (size == 0 && !Files.isRegularFile(file)) {
                throw new IllegalArgumentException(file + " has no size: say how many bytes to map, "
                        + "Mapping.file(path, offset, bytes)");
            }
            return size == 0 ? new Mapping(0, protection) : map(size, protection, flags, open.fd(), 0);
        }
    }

    /**
     * Maps a part of a file, or of a device, for reading: {@code PROT_READ}, {@code MAP_PRIVATE}.
     *
     * @param file the file
     * @param offset where the part begins, in bytes; a multiple of the page size
     * @param bytes the size of the part. It may end after the end of the file, as a file may grow; until then, an
     *        access to a page after the file's last one is an {@link InternalError} in Java, and a fault on a native
     *        thread
     * @return the mapping
     * @throws IllegalArgumentException if the file is a directory; if the offset is negative or no multiple of the page
     *         size; if the size isn't positive
     * @throws SyscallException from {@code openat} (ENOENT, EACCES, ...) or {@code mmap} (ENODEV: a file that can't be
     *         mapped; EOVERFLOW: the offset is too large)
     */
    public static Mapping file(Path file, long offset, long bytes) {
        return file(file, offset, bytes, Protection.READ, MapFlags.PRIVATE);
    }

    /**
     * Maps a part of a file or of a device.
     *
     * @param file the file
     * @param offset where the part begins, in bytes; a multiple of the page size
     * @param bytes the size of the part; it may end after the end of the file, see {@link #file(Path, long, long)}
     * @param protection the accesses that are allowed; with WRITE and SHARED, the file is opened for writing
     * @param flags PRIVATE or SHARED, and any further flags
     * @return the mapping
     * @throws IllegalArgumentException if the file is a directory; if the offset is negative or no multiple of the page
     *         size; if the size isn't positive; if the flags contain ANONYMOUS, FIXED or FIXED_NOREPLACE
     * @throws SyscallException from {@code openat} (ENOENT, EACCES, ...) or {@code mmap} (ENODEV: a file that can't be
     *         mapped; EOVERFLOW: the offset is too large)
     */
    public static Mapping file(Path file, long offset, long bytes, Protection protection, MapFlags flags) {
        requireFile(file, flags);
        if (offset < 0 || offset % pageSize() != 0) {
            throw new IllegalArgumentException("the offset must be a multiple of the page size, " + pageSize()
                    + " bytes, not " + offset);
        }
        try (OpenFile open = OpenFile.of(file, isWritten(protection, flags))) {
            return map(bytes, protection, flags, open.fd(), offset);
        }
    }

    private static boolean isWritten(Protection protection, MapFlags flags) {
        return flags.has(MapFlags.SHARED) && protection.has(Protection.WRITE);
    }

    private static void requireFile(Path file, MapFlags flags) {
        if (flags.has(MapFlags.ANONYMOUS)) {
            throw new IllegalArgumentException("a mapping of a file can't be MAP_ANONYMOUS: remove that flag to map "
                    + file + ", or use Mapping.anonymous");
        }
        requireNoFixedAddress(flags);
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + " is a directory; only files can be mapped");
        }
    }

    private static Mapping map(long bytes, Protection protection, MapFlags flags, int fd, long offset) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("a mapping needs at least 1 byte, not " + bytes);
        }
        requireNoFixedAddress(flags);
        if (bytes % flags.hugePageBytes() != 0) { // mmap rounds such a size up, but munmap rejects it
            throw new IllegalArgumentException("with MAP_HUGETLB, the size must be a multiple of "
                    + flags.hugePageBytes() + " bytes, not " + bytes);
        }
        Mapping mapping = new Mapping(bytes, protection); // before the call: afterwards nothing may fail
        StackRoom.require();
        mapping.address = Syscall.invoke(SyscallNumber.MMAP, 0, bytes, protection.bits(), flags.bits(), fd, offset);
        if (Syscall.isError(mapping.address)) {
            throw new SyscallException("mmap", mapping.address, "NULL", bytes, protection, flags, fd, offset);
        }
        VarHandle.releaseFence(); // the caller may pass the object on by a data race, and the address isn't final
        return mapping;
    }

    /** A fixed address could replace memory that is in use, which creating an object should never do. */
    private static void requireNoFixedAddress(MapFlags flags) {
        if (flags.has(MapFlags.FIXED) || flags.has(MapFlags.FIXED_NOREPLACE)) {
            throw new IllegalArgumentException("the kernel chooses the address of a Mapping, but the flags are " + flags
                    + ": for a fixed address, use Syscall.invoke(SyscallNumber.MMAP, ...)");
        }
    }

    /**
     * Returns the address of the first byte.
     *
     * @return the address; 0 for the mapping of an empty file
     */
    public long address() {
        return address;
    }

    /**
     * Returns the size that was requested, not rounded up to whole pages.
     *
     * @return the size in bytes
     */
    public long byteSize() {
        return bytes;
    }

    /**
     * Returns the mapped memory as a segment that is valid until the mapping is closed. The segment is read-only if the
     * protection of the mapping doesn't allow writes. It isn't one of {@code FileChannel.map}, so its {@code force()}
     * throws {@link UnsupportedOperationException}: use {@link #sync()}.
     *
     * @return a segment of {@link #byteSize()} bytes that any thread may use
     * @throws IllegalStateException if the mapping is closed, or if its protection allows neither reads nor writes;
     *         only {@link #protect(Protection)} changes that, not a change of some pages
     */
    public synchronized MemorySegment segment() {
        requireOpen();
        if (!protection.has(Protection.READ) && !protection.has(Protection.WRITE)) {
            throw new IllegalStateException("this mapping is " + protection + ", so that any access would crash the "
                    + "JVM: call protect(Protection.READ) first");
        }
        MemorySegment whole = segment;
        if (whole == null) {
            whole = MemorySegment.ofAddress(address).reinterpret(bytes, lifetime(), null);
            segment = whole;
        }
        return protection.has(Protection.WRITE) ? whole : whole.asReadOnly();
    }

    /** To be called with the lock held. */
    @SuppressWarnings("MustBeClosed") // close() closes it
    private Arena lifetime() {
        Arena lifetime = arena;
        if (lifetime == null) {
            lifetime = Arena.ofShared();
            arena = lifetime;
        }
        return lifetime;
    }

    /**
     * Changes the protection of the whole mapping: {@code int mprotect(void *addr, size_t len, int prot)}. This takes
     * effect immediately, also for segments that were returned before.
     *
     * @param newProtection the accesses that are allowed from now on
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException EACCES: WRITE for a shared mapping of a file that is open for reading only; ENOMEM: too
     *         many mappings
     */
    public synchronized void protect(Protection newProtection) {
        protect(0, bytes, newProtection);
        protection = newProtection;
    }

    /**
     * Changes the protection of some pages.
     *
     * @param offset the start of the pages, in bytes from the start of the mapping; a multiple of the page size
     * @param length the size in bytes; the kernel rounds it up to whole pages
     * @param newProtection the accesses that are allowed from now on
     * @throws IllegalArgumentException if the range isn't inside the mapping or doesn't start at a page boundary
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException EACCES: WRITE for a shared mapping of a file that is open for reading only; ENOMEM: too
     *         many mappings
     */
    public synchronized void protect(long offset, long length, Protection newProtection) {
        long start = requireRange(offset, length);
        if (length == 0) {
            return;
        }
        long result = Syscall.invoke(SyscallNumber.MPROTECT, start, length, newProtection.bits());
        if (Syscall.isError(result)) {
            throw new SyscallException("mprotect", result, hex(start), length, newProtection);
        }
    }

    /**
     * Advises the kernel about the use of the whole mapping: {@code int madvise(void *addr, size_t len, int advice)}.
     *
     * @param advice the advice
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException EINVAL: the kernel doesn't support this advice, or not for this kind of mapping
     */
    public void advise(Advice advice) {
        advise(0, bytes, advice);
    }

    /**
     * Advises the kernel about the use of some pages.
     *
     * @param offset the start of the pages, in bytes from the start of the mapping; a multiple of the page size
     * @param length the size in bytes; the kernel rounds it up to whole pages
     * @param advice the advice
     * @throws IllegalArgumentException if the range isn't inside the mapping or doesn't start at a page boundary
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException EINVAL: the kernel doesn't support this advice, or not for this kind of mapping
     */
    public synchronized void advise(long offset, long length, Advice advice) {
        long start = requireRange(offset, length);
        if (length == 0) {
            return;
        }
        long result = Syscall.invoke(SyscallNumber.MADVISE, start, length, advice.number());
        if (Syscall.isError(result)) {
            throw new SyscallException("madvise", result, hex(start), length, advice);
        }
    }

    /**
     * Locks some pages: loads them into memory and keeps them there, {@code int mlock(const void *addr, size_t len)}.
     *
     * @param offset the start of the pages, in bytes from the start of the mapping; a multiple of the page size
     * @param length the size in bytes; the kernel rounds it up to whole pages
     * @throws IllegalArgumentException if the range isn't inside the mapping or doesn't start at a page boundary
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException ENOMEM: more than RLIMIT_MEMLOCK allows, or too many mappings; EPERM: RLIMIT_MEMLOCK is
     *         0; EAGAIN: some pages couldn't be locked
     * @see <a href="https://man7.org/linux/man-pages/man2/mlock.2.html">mlock(2)</a>
     */
    public void lock(long offset, long length) {
        change("mlock", SyscallNumber.MLOCK, offset, length);
    }

    /**
     * Unlocks some pages, so that the kernel may swap them out again:
     * {@code int munlock(const void *addr, size_t len)}.
     *
     * @param offset the start of the pages, in bytes from the start of the mapping; a multiple of the page size
     * @param length the size in bytes; the kernel rounds it up to whole pages
     * @throws IllegalArgumentException if the range isn't inside the mapping or doesn't start at a page boundary
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException ENOMEM: too many mappings
     */
    public void unlock(long offset, long length) {
        change("munlock", SyscallNumber.MUNLOCK, offset, length);
    }

    /**
     * Writes what was changed in a shared mapping of a file to the file's device, and waits for that:
     * {@code int msync(void *addr, size_t length, int flags)} with {@code MS_SYNC}. Has no effect on other mappings.
     *
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException EIO: the device failed; ENOSPC, EDQUOT: the file has holes, and the file system is full
     * @see <a href="https://man7.org/linux/man-pages/man2/msync.2.html">msync(2)</a>
     */
    public void sync() {
        sync(0, bytes);
    }

    /**
     * Writes what was changed in some pages to the file's device, see {@link #sync()}.
     *
     * @param offset the start of the pages, in bytes from the start of the mapping; a multiple of the page size
     * @param length the size in bytes; the kernel rounds it up to whole pages
     * @throws IllegalArgumentException if the range isn't inside the mapping or doesn't start at a page boundary
     * @throws IllegalStateException if the mapping is closed
     * @throws SyscallException EIO: the device failed; ENOSPC, EDQUOT: the file has holes, and the file system is full
     */
    public void sync(long offset, long length) {
        MemorySegment held;
        long start;
        synchronized (this) { // not during the call, which may take seconds
            start = requireRange(offset, length);
            if (length == 0) {
                return;
            }
            held = MemorySegment.ofAddress(start).reinterpret(length, lifetime(), null);
        }
        long result = Trampoline.syscallHolding(SyscallNumber.MSYNC, held, length, Kernel.MS_SYNC, 0, 0, 0);
        if (Syscall.isError(result)) {
            throw new SyscallException("msync", result, hex(start), length, "MS_SYNC");
        }
    }

    private synchronized void change(String name, long number, long offset, long length) {
        long start = requireRange(offset, length);
        if (length == 0) {
            return;
        }
        long result = Syscall.invoke(number, start, length);
        if (Syscall.isError(result)) {
            throw new SyscallException(name, result, hex(start), length);
        }
    }

    /**
     * Returns whether the mapping is closed.
     *
     * @return true after the first successful {@link #close()}
     */
    public synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Unmaps the memory: {@code int munmap(void *addr, size_t length)}. Segments that were returned before throw
     * {@link IllegalStateException} from now on. Closing the mapping again has no effect.
     *
     * @throws IllegalStateException if another thread is in a native call with the segment, or in {@link #sync()}; the mapping stays open
     * @throws SyscallException ENOMEM: the kernel has merged this mapping with its neighbours, and splitting them would
     *         exceed the limit on mappings; the memory stays mapped, and {@code close} can be called again
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        // An error behind it must not lead to a second call: an arena half closed can't be closed again, and the
        // address may have another mapping by then.
        StackRoom.require();
        if (arena != null) {
            arena.close();
        }
        arena = null;
        segment = null; // if munmap fails, the next one gets a lifetime of its own
        if (bytes != 0) {
            closed = true;
            long result = Syscall.invoke(SyscallNumber.MUNMAP, address, bytes);
            if (Syscall.isError(result)) {
                closed = false;
                throw new SyscallException("munmap", result, hex(address), bytes);
            }
            FreedMemory.add("Mapping", address, bytes);
        }
        closed = true;
    }

    /**
     * Returns the address, the size and the protection.
     *
     * @return "Mapping[0x7f2c4a000000, 4096 bytes, PROT_READ]"
     */
    @Override
    public synchronized String toString() {
        return "Mapping[" + hex(address) + ", " + bytes + " bytes, " + (closed ? "closed" : protection) + "]";
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this mapping is closed: its " + bytes + " bytes at " + hex(address)
                    + " are unmapped");
        }
    }

    /** @return the address of the range */
    private long requireRange(long offset, long length) {
        requireOpen();
        if (offset < 0 || length < 0 || offset > bytes - length) {
            throw new IllegalArgumentException("the range of " + length + " bytes at " + offset
                    + " is not inside this mapping of " + bytes + " bytes");
        }
        if (offset % pageSize() != 0) {
            throw new IllegalArgumentException("the offset must be a multiple of the page size, " + pageSize()
                    + " bytes, not " + offset);
        }
        return address + offset;
    }
}
