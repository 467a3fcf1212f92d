package dev.linen.inject;

import java.util.stream.LongStream;

import dev.linen.internal.linux.LinenH;

/** The kinds of system calls that a rule can be about. */
public enum CallKind {

    /** {@code open}, {@code openat}, {@code openat2}, {@code creat}, of any file and for anything. */
    OPEN(LinenH.LINEN_CALL_OPEN_TO_READ, LinenH.LINEN_CALL_OPEN, LinenH.LINEN_CALL_CREAT, LinenH.LINEN_CALL_OPENAT,
            LinenH.LINEN_CALL_OPENAT2),

    /** The same, to write, create or truncate a file. */
    OPEN_TO_WRITE(LinenH.LINEN_CALL_OPEN, LinenH.LINEN_CALL_CREAT, LinenH.LINEN_CALL_OPENAT,
            LinenH.LINEN_CALL_OPENAT2),

    /** {@code close}. */
    CLOSE(LinenH.LINEN_CALL_CLOSE),

    /**
     * {@code write}, {@code pwrite64}, {@code writev}, {@code pwritev}, {@code pwritev2}, {@code copy_file_range},
     * {@code sendfile}; also to sockets and pipes.
     */
    WRITE(LinenH.LINEN_CALL_WRITE, LinenH.LINEN_CALL_PWRITE64, LinenH.LINEN_CALL_WRITEV, LinenH.LINEN_CALL_PWRITEV,
            LinenH.LINEN_CALL_PWRITEV2, LinenH.LINEN_CALL_COPY_FILE_RANGE, LinenH.LINEN_CALL_SENDFILE),

    /** {@code truncate}, {@code ftruncate}. */
    TRUNCATE(LinenH.LINEN_CALL_TRUNCATE, LinenH.LINEN_CALL_FTRUNCATE),

    /** {@code fallocate}. */
    ALLOCATE(LinenH.LINEN_CALL_FALLOCATE),

    /**
     * {@code fsync} and {@code fdatasync}, of files and folders: {@code FileChannel.force}, {@code
     * FileDescriptor.sync}.
     */
    SYNC(LinenH.LINEN_CALL_FSYNC, LinenH.LINEN_CALL_FDATASYNC),

    /** {@code fsync} only: {@code FileChannel.force(true)}. */
    FSYNC(LinenH.LINEN_CALL_FSYNC),

    /** {@code fdatasync} only: {@code FileChannel.force(false)}. */
    FDATASYNC(LinenH.LINEN_CALL_FDATASYNC),

    /** {@code sync_file_range}. */
    SYNC_RANGE(LinenH.LINEN_CALL_SYNC_FILE_RANGE),

    /** {@code sync}, {@code syncfs}: they are about every folder. */
    SYNC_ALL(LinenH.LINEN_CALL_SYNC, LinenH.LINEN_CALL_SYNCFS),

    /** {@code msync}: {@code MappedByteBuffer.force}. */
    MSYNC(LinenH.LINEN_CALL_MSYNC),

    /** {@code rename}, {@code renameat}, {@code renameat2}: {@code Files.move}. Its old and its new name count. */
    RENAME(LinenH.LINEN_CALL_RENAME, LinenH.LINEN_CALL_RENAMEAT, LinenH.LINEN_CALL_RENAMEAT2),

    /** {@code link}, {@code linkat}. Its old and its new name count. */
    LINK(LinenH.LINEN_CALL_LINK, LinenH.LINEN_CALL_LINKAT),

    /** {@code symlink}, {@code symlinkat}. */
    SYMLINK(LinenH.LINEN_CALL_SYMLINK, LinenH.LINEN_CALL_SYMLINKAT),

    /** {@code unlink}, {@code unlinkat}, {@code rmdir}: {@code Files.delete}. */
    UNLINK(LinenH.LINEN_CALL_UNLINK, LinenH.LINEN_CALL_UNLINKAT, LinenH.LINEN_CALL_RMDIR),

    /** {@code mkdir}, {@code mkdirat}. */
    MAKE_DIRECTORY(LinenH.LINEN_CALL_MKDIR, LinenH.LINEN_CALL_MKDIRAT),

    /** {@code mmap} of a file, shared and writable: its stores aren't seen. */
    MAP_SHARED(LinenH.LINEN_CALL_MMAP),

    /** {@code io_uring_setup}. While anything is recorded it fails with ENOSYS. */
    IO_URING(LinenH.LINEN_CALL_IO_URING_SETUP),

    /** {@code connect} of a socket. It has no path. */
    CONNECT(LinenH.LINEN_CALL_CONNECT);

    private final long calls;

    CallKind(long... numbers) {
        calls = LongStream.of(numbers).map(number -> 1L << number).reduce(0, (a, b) -> a | b);
    }

    /** Returns a bit for each call. */
    long calls() {
        return calls;
    }

    /** Returns the bits of several kinds. */
    static long calls(CallKind... kinds) {
        long all = 0;
        for (CallKind kind : kinds) {
            all |= kind.calls;
        }
        return all;
    }

    /** Returns the bits of all that changes files or makes changes durable, or of what isn't seen. */
    static long changes() {
        return calls(values()) & ~(CONNECT.calls | 1L << LinenH.LINEN_CALL_OPEN_TO_READ);
    }
}
