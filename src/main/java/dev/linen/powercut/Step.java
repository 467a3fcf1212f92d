package dev.linen.powercut;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

import dev.linen.inject.FileId;

/**
 * What a recorded call did to the file system: it changed something, or made changes durable. A call may consist of
 * several steps: a write to a file that was opened with O_DSYNC is a {@link Write} and a {@link Sync}.
 */
public sealed interface Step {

    /**
     * Returns the index of the call.
     *
     * @return the index, from 0
     */
    int call();

    /**
     * Returns the file or directory that is changed or synced.
     *
     * @return its identity, which stays when it is renamed
     */
    FileId file();

    /** A step that a power cut can undo until a {@link Sync} has made it durable. */
    sealed interface Change extends Step permits Entries, Write, Resize {}

    /**
     * Entries of one directory change, all at once. A rename within a directory removes one entry and adds another. One
     * to another directory is two changes, of which the removal needs the addition; an exchange between two directories
     * is two changes that are on the disk together or not at all.
     *
     * @param call the index of the call
     * @param file the directory
     * @param edits the new file by name, a relative path; {@link FileId#NONE} removes the entry
     */
    record Entries(int call, FileId file, Map<Path, FileId> edits) implements Change {

        boolean onlyRemoves() {
            return edits.values().stream().allMatch(FileId.NONE::equals);
        }
    }

    /**
     * Bytes of a file change.
     *
     * @param call the index of the call
     * @param file the file
     * @param offset where the bytes begin
     * @param bytes the bytes
     * @param grows whether the file became longer
     */
    record Write(int call, FileId file, long offset, ByteBuffer bytes, boolean grows) implements Change {}

    /**
     * The length of a file changes.
     *
     * @param call the index of the call
     * @param file the file
     * @param length the new length
     * @param onlyGrows whether a file that is already longer keeps its length, as with fallocate
     */
    record Resize(int call, FileId file, long length, boolean onlyGrows) implements Change {}

    /**
     * Earlier changes become durable. The {@link DiskModel} says which.
     *
     * @param call the index of the call
     * @param file the file or directory
     * @param scope what the call promises
     * @param dataOnly whether it promises no more metadata than is needed to read the data: fdatasync, O_DSYNC, msync
     * @param failed whether the call failed: then the unsynced writes of the file never become durable, because the
     *        kernel marks their pages as clean
     */
    record Sync(int call, FileId file, Scope scope, boolean dataOnly, boolean failed) implements Step {

        /** What a call that syncs promises. */
        public enum Scope {
            /** The changes of the file or directory: fsync, fdatasync. */
            FILE,
            /** The changes that the same call made: a write to a file opened with O_SYNC or O_DSYNC, msync. */
            CALL,
            /** All changes: sync, syncfs. */
            EVERYTHING
        }
    }
}
