package dev.linen.inject;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * One recorded system call that changed a folder, made changes durable, or tried to. The types say what it meant: a
 * {@code pwrite64}, a {@code writev} and a {@code copy_file_range} are each a {@link Write} of bytes at an offset.
 *
 * <p>A call that failed is recorded, too: its {@link Call#result} is negative, it changed nothing, its data is empty,
 * and its {@link FileId} may be {@link FileId#NONE}. A call that wrote less than it was asked to has the bytes that it
 * wrote.
 *
 * <p>Paths are absolute. The path of a descriptor is the name that the file had when the call was made; one without a
 * name ({@code O_TMPFILE}, or removed) has the name that {@code /proc/self/fd} shows: {@code /tmp/#123 (deleted)}.
 */
public sealed interface Operation {

    /**
     * Returns what all operations have.
     *
     * @return name, thread, result, time and stack of the call
     */
    Call call();

    /**
     * Returns the file or directory that the call was about; for a rename or link the old name.
     *
     * @return an absolute path; {@code /} for a call that is about no file, such as {@code sync}
     */
    Path path();

    /** How durable a write is when it returns. */
    enum Durability {
        /** As after any write: it needs a sync. */
        NONE,
        /** As after {@code fdatasync}: the descriptor was opened with {@code O_DSYNC}. */
        DATA,
        /** As after {@code fsync}: the descriptor was opened with {@code O_SYNC}. */
        FILE
    }

    /** What a {@link Sync} makes durable. */
    enum SyncKind {
        /** {@code fsync}: data and metadata of a file, or the entries of a directory. */
        FSYNC,
        /** {@code fdatasync}: data, and the metadata that is needed to read it. */
        FDATASYNC,
        /** {@code sync_file_range}: bytes that were allocated before; no metadata, no flush of the disk's cache. */
        RANGE
    }

    /**
     * {@code open}, {@code openat}, {@code creat}: a file was opened for writing, or created, or emptied.
     *
     * @param call name, thread, result, time and stack
     * @param path the file or folder
     * @param file its identity
     * @param created whether the file didn't exist before; its entry is then new
     * @param truncated whether {@code O_TRUNC} emptied a file that existed
     * @param unnamed whether it is an {@code O_TMPFILE}, which has no entry until {@link Link} gives it one; the
     *        path is that of its directory
     * @param durability what {@code O_SYNC} or {@code O_DSYNC} promise for its writes
     * @param descriptor the descriptor; negative if the call failed
     */
    record Open(Call call, Path path, FileId file, boolean created, boolean truncated, boolean unnamed,
            Durability durability, int descriptor) implements Operation {}

    /**
     * {@code mkdir}, {@code mkdirat}.
     *
     * @param call name, thread, result, time and stack
     * @param path the new folder
     * @param file its identity
     */
    record MakeDirectory(Call call, Path path, FileId file) implements Operation {}

    /**
     * Bytes that were written to a file: {@code write}, {@code pwrite64}, {@code writev}, {@code pwritev},
     * {@code pwritev2}, {@code copy_file_range}, {@code sendfile}; and {@code msync}, for what was stored into mapped
     * memory.
     *
     * @param call name, thread, result, time and stack
     * @param path the file or folder
     * @param file its identity
     * @param offset where in the file; for a file that was opened with {@code O_APPEND} its end
     * @param data the bytes that were written, not all that the caller asked for; read-only, on the heap
     * @param requested how many bytes the caller asked for
     * @param durability what the descriptor's flags, or {@code msync} with {@code MS_SYNC} (DATA), promise
     */
    record Write(Call call, Path path, FileId file, long offset, MemorySegment data, long requested,
            Durability durability)
            implements
                Operation {

        /** Stands for bytes that couldn't be copied. */
        static final MemorySegment NO_DATA = MemorySegment.ofArray(new byte[0]).asReadOnly();

        /**
         * Returns whether the bytes are known. They aren't if the caller freed them during the call, or if they came
         * from what isn't a file.
         *
         * @return false if {@link #data} would throw
         */
        public boolean hasData() {
            return !data.equals(NO_DATA); // another segment of no bytes doesn't equal it
        }

        /**
         * Returns the bytes that were written.
         *
         * @return not all that the caller asked for; read-only, on the heap
         * @throws IllegalStateException if they aren't known: see {@link #hasData}
         */
        @Override
        public MemorySegment data() {
            if (!hasData()) {
                throw new IllegalStateException("the data of a " + call.name() + " to " + path
                        + " couldn't be recorded, because the caller freed it meanwhile, or its source isn't a file");
            }
            return data;
        }
    }

    /**
     * {@code truncate}, {@code ftruncate}: the file now has this length; if it was shorter, zeros follow.
     *
     * @param call name, thread, result, time and stack
     * @param path the file or folder
     * @param file its identity
     * @param length the new length
     */
    record Truncate(Call call, Path path, FileId file, long length) implements Operation {}

    /**
     * {@code fallocate}.
     *
     * @param call name, thread, result, time and stack
     * @param path the file or folder
     * @param file its identity
     * @param mode 0, or {@code FALLOC_FL_} flags: 1 KEEP_SIZE, 2 PUNCH_HOLE, 8 COLLAPSE_RANGE, 16 ZERO_RANGE, ...
     * @param offset where the range begins
     * @param length the length of the range
     */
    record Allocate(Call call, Path path, FileId file, int mode, long offset, long length) implements Operation {}

    /**
     * {@code fsync}, {@code fdatasync}, {@code sync_file_range}, of a file or a directory.
     *
     * @param call name, thread, result, time and stack
     * @param path the file or folder
     * @param file its identity
     * @param kind which of the three calls
     * @param directory whether it was a directory, whose entries are synced
     * @param offset for a {@code RANGE} its begin, otherwise 0
     * @param length for a {@code RANGE} its length, of which 0 means up to the end; otherwise 0
     */
    record Sync(Call call, Path path, FileId file, SyncKind kind, boolean directory, long offset, long length)
            implements
                Operation {}

    /**
     * {@code sync}, or {@code syncfs} of the file system with this path: everything becomes durable.
     *
     * @param call name, thread, result, time and stack
     * @param path {@code /}, or the folder of the descriptor
     */
    record SyncAll(Call call, Path path) implements Operation {}

    /**
     * {@code rename}, {@code renameat}, {@code renameat2}.
     *
     * @param call name, thread, result, time and stack
     * @param path the old name
     * @param to the new name
     * @param file what was renamed
     * @param replaced the file whose entry was replaced, or with which it was exchanged; otherwise {@link FileId#NONE}
     * @param exchanged whether the two names were exchanged ({@code RENAME_EXCHANGE})
     */
    record Rename(Call call, Path path, Path to, FileId file, FileId replaced, boolean exchanged)
            implements
                Operation {}

    /**
     * {@code link}, {@code linkat}: one more name for a file.
     *
     * @param call name, thread, result, time and stack
     * @param path the name that it had, or the one that {@code /proc/self/fd} shows for an unnamed file
     * @param to the new name
     * @param file its identity
     */
    record Link(Call call, Path path, Path to, FileId file) implements Operation {}

    /**
     * {@code symlink}, {@code symlinkat}: a new symbolic link with this target.
     *
     * @param call name, thread, result, time and stack
     * @param path the link
     * @param file the identity of the link
     * @param target what the link contains, by its bytes
     */
    record Symlink(Call call, Path path, FileId file, Path target) implements Operation {}

    /**
     * {@code unlink}, {@code unlinkat}, {@code rmdir}: an entry was removed.
     *
     * @param call name, thread, result, time and stack
     * @param path the file or folder
     * @param file its identity
     * @param directory whether it was a directory
     */
    record Unlink(Call call, Path path, FileId file, boolean directory) implements Operation {}

    /**
     * {@code close} of a descriptor that was open for writing, or of a directory.
     *
     * @param call name, thread, result, time and stack
     * @param path the file or folder
     * @param file its identity
     * @param descriptor the descriptor, which is free again
     */
    record Close(Call call, Path path, FileId file, int descriptor) implements Operation {}

    /**
     * {@code connect} of a socket, which a {@link Recording} of a folder doesn't have, but a trace does.
     *
     * @param call name, thread, result, time and stack
     * @param path {@code /}, since a socket has none
     * @param address the address: {@code 127.0.0.1:80}, or a path
     * @param descriptor the descriptor
     */
    record Connect(Call call, Path path, String address, int descriptor) implements Operation {}

    /**
     * A call after which the recording may be incomplete: a shared writable mapping of a file, whose stores are seen
     * only at the next {@code msync}; an io_uring; any call of a thread that has descriptors or a working directory of
     * its own, of which only the name and the file are known.
     *
     * @param call name, thread, result, time and stack
     * @param path the mapped file
     * @param file the mapped file, or {@link FileId#NONE}
     * @param what what isn't seen, as a sentence
     */
    record Unseen(Call call, Path path, FileId file, String what) implements Operation {}
}
