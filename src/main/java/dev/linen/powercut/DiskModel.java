package dev.linen.powercut;

import java.util.List;
import java.util.function.Predicate;

import dev.linen.powercut.Step.Change;
import dev.linen.powercut.Step.Entries;
import dev.linen.powercut.Step.Resize;
import dev.linen.powercut.Step.Sync;
import dev.linen.powercut.Step.Sync.Scope;
import dev.linen.powercut.Step.Write;

/**
 * What a file system promises: which changes a sync makes durable, and in which order changes reach the disk. Implement
 * it for a file system of your own.
 */
public interface DiskModel {

    /**
     * What POSIX promises, and no more: fsync covers the file or directory that it is called for. Directory entries
     * become durable by an fsync of their directory, and reach the disk in any order.
     */
    DiskModel POSIX = new DiskModel() {

        @Override
        public boolean commits(Sync sync, Change earlier) {
            return switch (sync.scope()) {
                case EVERYTHING -> true;
                case FILE -> earlier.file().equals(sync.file());
                case CALL -> earlier.call() == sync.call();
            };
        }

        @Override
        public String toString() {
            return "POSIX";
        }
    };

    /**
     * What ext4 does with its default options: directory entries and the lengths that calls set are in a journal, so
     * they reach the disk in order, and are committed together. The bytes of a file become durable by an fsync of that
     * file only.
     *
     * <p>An fsync commits the journal if the file's or directory's own metadata has changed since the last commit: it
     * was created, renamed, linked, resized, or became longer. An fdatasync (and a write with O_DSYNC, and msync) does
     * so only if the file was resized or became longer: after bytes were overwritten it commits nothing but them, and
     * neither does one of a directory. Where ext4 may or may not commit, what may be lost is lost here: bytes written
     * into a hole or an allocated but unwritten part count as overwritten.
     */
    DiskModel EXT4 = new DiskModel() {

        @Override
        public boolean commits(Sync sync, Change earlier) {
            return POSIX.commits(sync, earlier) && !(sync.dataOnly() && earlier instanceof Entries);
        }

        @Override
        public Predicate<Change> committed(Sync sync, List<Change> pending) {
            boolean commitsJournal = pending.stream().anyMatch(change -> concernsJournal(sync, change));
            return change -> (commitsJournal && isJournalled(change)) || commits(sync, change);
        }

        // Whether a sync has to commit the journal because of a change.
        private static boolean concernsJournal(Sync sync, Change change) {
            boolean own = sync.scope() == Scope.EVERYTHING || change.file().equals(sync.file());
            return switch (change) {
                case Write write -> own && write.grows();
                case Resize resize -> own;
                case Entries entries -> !sync.dataOnly() && (own || entries.edits().containsValue(sync.file()));
            };
        }

        @Override
        public boolean needs(Change later, Change earlier) {
            return isJournalled(later) && isJournalled(earlier);
        }

        private static boolean isJournalled(Change change) {
            return !(change instanceof Write);
        }

        @Override
        public String toString() {
            return "EXT4";
        }
    };

    /** Only the process is killed, as by {@code kill -9}: the kernel keeps all that was written. */
    DiskModel KILL = new DiskModel() {

        @Override
        public boolean isDurableAtOnce(Change change) {
            return true;
        }

        @Override
        public boolean commits(Sync sync, Change earlier) {
            return true;
        }

        @Override
        public String toString() {
            return "kill -9";
        }
    };

    /**
     * Returns whether a sync that succeeded makes an earlier change durable.
     *
     * @param sync the sync
     * @param earlier a change before it, or of the same call
     * @return whether the change is on the disk after any later power cut
     */
    boolean commits(Sync sync, Change earlier);

    /**
     * Returns which changes a sync that succeeded makes durable, if that depends on what else isn't durable. By default
     * each change is asked about by itself: {@link #commits}.
     *
     * @param sync the sync
     * @param pending all changes before it, or of the same call, that aren't durable yet
     * @return says of each of them whether it is on the disk after any later power cut
     */
    default Predicate<Change> committed(Sync sync, List<Change> pending) {
        return earlier -> commits(sync, earlier);
    }

    /**
     * Returns whether a change needs no sync. By default none is.
     *
     * @param change the change
     * @return whether it is on the disk when its call returns
     */
    default boolean isDurableAtOnce(Change change) {
        return false;
    }

    /**
     * Returns whether a change can't be on the disk without an earlier one. By default changes are independent.
     *
     * @param later a change
     * @param earlier a change before it
     * @return whether the file system keeps the two in order
     */
    default boolean needs(Change later, Change earlier) {
        return false;
    }
}
