package dev.linen.inject;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * The identity of a file, directory or symbolic link, whatever its name is. File systems give the inode number of a
 * removed file to the next new one, so a recording counts how often it saw a file created with the same number.
 *
 * @param device the device number, as {@code st_dev}
 * @param inode the inode number; 0 if it isn't known, because the call failed
 * @param generation 0 for a file that existed before the recording, otherwise how many files with this number the
 *        recording saw created
 */
public record FileId(long device, long inode, int generation) {

    /** No file: the call failed. */
    public static final FileId NONE = new FileId(0, 0, 0);

    /**
     * Returns the identity of a file that exists before a recording starts. A symbolic link isn't followed.
     *
     * @param path the file
     * @return its identity, of generation 0
     * @throws IOException if there is no such file
     */
    public static FileId of(Path path) throws IOException {
        return new FileId((Long) Files.getAttribute(path, "unix:dev", LinkOption.NOFOLLOW_LINKS),
                (Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS), 0);
    }

    /**
     * Returns the file in a short form.
     *
     * @return such as {@code 1234} or, of the second file with that number, {@code 1234'2}
     */
    @Override
    public String toString() {
        return generation == 0 ? Long.toString(inode) : inode + "'" + generation;
    }
}
