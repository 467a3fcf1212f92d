package dev.linen.memory;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.registry.FreedMemory;
import dev.linen.syscall.AuxiliaryVector;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Memory mapped by the kernel: {@code void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)},
 * and {@code munmap} when it is closed.
 *
 * <pre>{@code
 * try (Mapping memory = Mapping.anonymous(1 << 20)) {
 *     memory.segment().set(ValueLayout.JAVA_INT, 0, 42);
 *     memory.protect(Protection.READ);
 * }
 * }</pre>
 *
 * <p>Starts at a page's start; {@link #pageSize()} tells the size of a page, in bytes. May be used from any thread, and
 * closed by any, once or more often.
 *
 * <p><b>Crashes.</b> A {@link #segment()} knows its bounds and its lifetime, but not the protection of its pages: an
 * access that they don't allow ends the JVM, and so does one to a page of a file that was truncated since.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/mmap.2.html">mmap(2)</a>
 */
public final class Mapping implements AutoCloseable {

    private final long address;
    private final long bytes;
    private Protection protection;

    /** Made when somebody asks for a segment: closing one costs a handshake with every Java thread. */
    private @Nullable Arena arena;
    private @Nullable MemorySegment segment;
    private boolean closed;

    private Mapping(long address, long bytes, Protection protection) {
        this.address = address;
        this.bytes = bytes;
        this.protection = protection;
    }

    private static final class PageSize {
        static final OptionalLong BYTES = AuxiliaryVector.get(Kernel.AT_PAGESZ);
    }

    /**
     * The size of a page: what addresses and sizes of mappings are multiples of.
     *
     * @return the size in bytes, a power of two
     * @throws UnsupportedOperationException when the kernel doesn't tell: no {@code /proc}, and older than Linux 6.4
     */
    public static long pageSize() {
        if (PageSize.BYTES.isEmpty()) {
            throw new UnsupportedOperationException("the page size is unknown: /proc/self/auxv can't be read");
        }
        return PageSize.BYTES.getAsLong();
    }

    /**
     * Maps memory that can be read and written and is zero: {@code MAP_PRIVATE|MAP_ANONYMOUS}.
     *
     * @param bytes its size in bytes; the kernel rounds it up to pages
     * @return the mapping
     * @throws IllegalArgumentException when the size isn't positive
     * @throws SyscallException ENOMEM: no room in memory, in the address space, or for one more mapping
     */
    public static Mapping anonymous(long bytes) {
        return anonymous(bytes, Protection.READ_WRITE, MapFlags.PRIVATE);
    }

    /**
     * Maps memory without a file.
     *
     * @param bytes its size in bytes; the kernel rounds it up to pages
     * @param protection what may be done with it
     * @param flags PRIVATE or SHARED and what else is wanted; ANONYMOUS is added
     * @return the mapping
     * @throws IllegalArgumentException when the size isn't positive or, with HUGETLB, no multiple of the huge page's, or the
     *         flags ask for a fixed address
     * @throws SyscallException EINVAL: neither PRIVATE nor SHARED; ENOMEM; EAGAIN: LOCKED and too much of it; EPERM:
     *         not allowed by the system's security policy
     */
    public static Mapping anonymous(long bytes, Protection protection, MapFlags flags) {
        return map(bytes, protection, flags.with(MapFlags.ANONYMOUS), /* fd */ -1, /* offset */ 0);
    }

    /**
     * Maps a whole file for reading: {@code PROT_READ}, {@code MAP_PRIVATE}.
     *
     * @param file the file; an empty one gives an empty mapping
     * @return the mapping, of the file's size
     * @throws IllegalArgumentException when it is a directory
     * @throws SyscallException of {@code openat} (ENOENT, EACCES, ...), {@code lseek} (ESPIPE: a pipe or a terminal; EINVAL: a file of
     *         /proc, which has no size: read it instead) or
     *         {@code mmap} (ENODEV: a file that can't be mapped)
     */
    public static Mapping file(Path file) {
        return file(file, Protection.READ, MapFlags.PRIVATE);
    }

    /**
     * Maps a whole file.
     *
     * @param file the file; an empty one gives an empty mapping
     * @param protection what may be done with it; with WRITE and SHARED the file is opened for writing
     * @param flags PRIVATE or SHARED and what else is wanted
     * @return the mapping, of the file's size
     * @throws IllegalArgumentException when it is a directory, or the flags ask for ANONYMOUS memory or a fixed address
     * @throws SyscallException of {@code openat} (ENOENT, EACCES, ...), {@code lseek} (ESPIPE: a pipe or a terminal; EINVAL: a file of
     *         /proc, which has no size: read it instead) or
     *         {@code mmap} (ENODEV: a file that can't be mapped)
     */
    public static Mapping file(Path file, Protection protection, MapFlags flags) {
        if (flags.has(MapFlags.ANONYMOUS)) {
            throw new IllegalArgumentException("a mapping of " + file + " can't be MAP_ANONYMOUS");
        }
        requireNoFixedAddress(flags);
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + " is a directory; only files can be mapped");
        }
        try (OpenFile open = OpenFile.of(file, flags.has(MapFlags.SHARED) && protection.has(Protection.WRITE))) {
            long size = open.size();
            return size == 0 ? new Mapping(0, 0, protection) : map(size, protection, flags, open.fd(), 0);
        }
    }

    private static Mapping map(long bytes, Protection protection, MapFlags flags, int fd, long offset) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("a mapping has at least 1 byte, not " + bytes);
        }
        requireNoFixedAddress(flags);
        if (bytes % flags.hugePageBytes() != 0) { // munmap would refuse what mmap rounds up
            throw new IllegalArgumentException("with MAP_HUGETLB, a mapping is a multiple of " + flags.hugePageBytes()
                    + " bytes, not " + bytes);
        }
        long result = Syscall.invoke(SyscallNumber.MMAP, 0, bytes, protection.bits(), flags.bits(), fd, offset);
        if (Syscall.isError(result)) {
            throw new SyscallException("mmap", result, "NULL", bytes, protection, flags, fd, offset);
        }
        return new Mapping(result, bytes, protection);
    }

    /** Replacing what somebody else has mapped is nothing that a constructor should do. */
    private static void requireNoFixedAddress(MapFlags flags) {
        if (flags.has(MapFlags.FIXED) || flags.has(MapFlags.FIXED_NOREPLACE)) {
            throw new IllegalArgumentException("the kernel chooses the address of a Mapping: " + flags
                    + " can only be had from Syscall.invoke(SyscallNumber.MMAP, ...)");
        }
    }

    /**
     * Where it starts.
     *
     * @return the address; 0 for the mapping of an empty file
     */
    public long address() {
        return address;
    }

    /**
     * Its size, as it was asked for.
     *
     * @return the size in bytes
     */
    public long byteSize() {
        return bytes;
    }

    /**
     * The memory, for as long as the mapping isn't closed; read-only while its protection is.
     *
     * @return a segment of {@link #byteSize()} bytes that any thread may use
     * @throws IllegalStateException when the mapping is closed, or was made with {@link Protection#NONE} and not
     *         opened as a whole since
     */
    @SuppressWarnings("MustBeClosed") // the arena: by close()
    public synchronized MemorySegment segment() {
        requireOpen();
        if (!protection.has(Protection.READ) && !protection.has(Protection.WRITE)) {
            throw new IllegalStateException("this mapping is " + protection + ": an access would end the JVM; "
                    + "protect(Protection.READ) comes first");
        }
        MemorySegment whole = segment;
        if (whole == null) {
            Arena lifetime = Arena.ofShared();
            whole = MemorySegment.ofAddress(address).reinterpret(bytes, lifetime, null);
            arena = lifetime;
            segment = whole;
        }
        return protection.has(Protection.WRITE) ? whole : whole.asReadOnly();
    }

    /**
     * Changes what may be done with all of it: {@code int mprotect(void *addr, size_t len, int prot)}. Takes effect at
     * once, also for segments that were handed out.
     *
     * @param newProtection what may be done from now on
     * @throws IllegalStateException when the mapping is closed
     * @throws SyscallException EACCES: a file opened for reading can't be written; ENOMEM: too many mappings
     */
    public synchronized void protect(Protection newProtection) {
        protect(0, bytes, newProtection);
        protection = newProtection;
    }

    /**
     * Changes what may be done with some of its pages.
     *
     * @param offset where they start, in bytes from the mapping's start: a multiple of the page size
     * @param length how many bytes; the kernel rounds it up to pages
     * @param newProtection what may be done from now on
     * @throws IllegalArgumentException when the range isn't inside the mapping or doesn't start at a page
     * @throws IllegalStateException when the mapping is closed
     * @throws SyscallException EACCES: a file opened for reading can't be written; ENOMEM: too many mappings
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
     * Tells the kernel what to expect, or to do, about all of it: {@code int madvise(void *addr, size_t len, int advice)}.
     *
     * @param advice what to tell it
     * @throws IllegalStateException when the mapping is closed
     * @throws SyscallException EINVAL: the kernel doesn't know this advice, or not for this kind of mapping
     */
    public void advise(Advice advice) {
        advise(0, bytes, advice);
    }

    /**
     * Tells the kernel what to expect, or to do, about some of its pages.
     *
     * @param offset where they start, in bytes from the mapping's start: a multiple of the page size
     * @param length how many bytes; the kernel rounds it up to pages
     * @param advice what to tell it
     * @throws IllegalArgumentException when the range isn't inside the mapping or doesn't start at a page
     * @throws IllegalStateException when the mapping is closed
     * @throws SyscallException EINVAL: the kernel doesn't know this advice, or not for this kind of mapping
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
     * Keeps some of its pages in memory, and brings them there first: {@code int mlock(const void *addr, size_t len)}.
     *
     * @param offset where they start, in bytes from the mapping's start: a multiple of the page size
     * @param length how many bytes; the kernel rounds it up to pages
     * @throws IllegalArgumentException when the range isn't inside the mapping or doesn't start at a page
     * @throws IllegalStateException when the mapping is closed
     * @throws SyscallException ENOMEM: more than RLIMIT_MEMLOCK allows, or too many mappings; EPERM: it allows none; EAGAIN:
     *         some pages couldn't be brought there
     * @see <a href="https://man7.org/linux/man-pages/man2/mlock.2.html">mlock(2)</a>
     */
    public void lock(long offset, long length) {
        change("mlock", SyscallNumber.MLOCK, offset, length);
    }

    /**
     * Lets the kernel swap some of its pages out again: {@code int munlock(const void *addr, size_t len)}.
     *
     * @param offset where they start, in bytes from the mapping's start: a multiple of the page size
     * @param length how many bytes; the kernel rounds it up to pages
     * @throws IllegalArgumentException when the range isn't inside the mapping or doesn't start at a page
     * @throws IllegalStateException when the mapping is closed
     * @throws SyscallException ENOMEM: too many mappings
     */
    public void unlock(long offset, long length) {
        change("munlock", SyscallNumber.MUNLOCK, offset, length);
    }

    private synchronized void change(String name, int number, long offset, long length) {
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
     * Whether it is unmapped.
     *
     * @return true after the first {@link #close()}
     */
    public synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Unmaps it: {@code int munmap(void *addr, size_t length)}. Segments that were handed out throw
     * {@link IllegalStateException} from now on. Does nothing the second time.
     *
     * @throws IllegalStateException when another thread is inside a native call with the segment; nothing has changed
     *         then
     * @throws SyscallException ENOMEM: unmapping a part of a merged mapping would make one mapping too many; it is still
     *         mapped then, and can be closed again
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        if (arena != null) {
            arena.close();
        }
        arena = null;
        if (bytes != 0) {
            long result = Syscall.invoke(SyscallNumber.MUNMAP, address, bytes);
            if (Syscall.isError(result)) {
                throw new SyscallException("munmap", result, hex(address), bytes);
            }
            FreedMemory.add("Mapping", address, bytes);
        }
        closed = true;
    }

    /**
     * What and where it is.
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
                    + " are no longer its own");
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
            throw new IllegalArgumentException("pages start at multiples of " + pageSize() + ", not at " + offset);
        }
        return address + offset;
    }
}
