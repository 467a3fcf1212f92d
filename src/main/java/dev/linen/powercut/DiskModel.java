package dev.linen.powercut;

import dev.linen.powercut.Step.Change;
import dev.linen.powercut.Step.Sync;
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
     * they reach the disk in order, and any fsync commits those before it. The bytes of a file become durable by an
     * fsync of that file only.
     */
    DiskModel EXT4 = new DiskModel() {

        @Override
        public boolean commits(Sync sync, Change earlier) {
            return isJournalled(earlier) || POSIX.commits(sync, earlier);
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
