package dev.linen.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The kernel's name for a thread of this process: {@code /proc/self/task/TID/comm}, what {@code top -H}, {@code ps -L} and
 * debuggers show.
 *
 * <p>Java's threads have one too, at most the first 15 bytes of {@link Thread#getName()}; changing it here doesn't change
 * that.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_comm.5.html">proc_pid_comm(5)</a>
 */
public final class ThreadName {

    /** linux/sched.h inside the kernel, and in no header for others: TASK_COMM_LEN, 16 with the final 0. */
    private static final int MOST_BYTES = 15;

    private ThreadName() {}

    /**
     * A thread's name.
     *
     * @param tid the id of a thread of this process; 0 for the calling thread
     * @return its name, up to 15 bytes read as UTF-8; may be empty
     * @throws IllegalArgumentException when the tid is negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread
     * @throws UncheckedIOException when this process has no such thread, or there is no {@code /proc}
     */
    public static String get(int tid) {
        try {
            byte[] line = Files.readAllBytes(file(tid));
            return new String(line, 0, line.length - 1, StandardCharsets.UTF_8); // the kernel ends it with a line feed
        } catch (IOException unreadable) {
            throw new UncheckedIOException("the name of thread " + tid + " can't be read", unreadable);
        }
    }

    /**
     * Names a thread.
     *
     * @param tid the id of a thread of this process; 0 for the calling thread
     * @param name at most 15 bytes of UTF-8, without a NUL; may be empty
     * @throws IllegalArgumentException when the name is longer, where the kernel would silently cut it, or has a NUL in it,
     *         or the tid is negative
     * @throws WrongThreadException when the tid is 0 on a virtual thread: its carrier would be named
     * @throws UncheckedIOException when this process has no such thread, or there is no {@code /proc}
     */
    public static void set(int tid, String name) {
        byte[] withFinal0 = toBytes(name); // writing nothing at all would leave the old name instead of an empty one
        try {
            Files.write(file(tid), withFinal0);
        } catch (IOException unwritable) {
            throw new UncheckedIOException("thread " + tid + " can't be named \"" + name + "\"", unwritable);
        }
    }

    /**
     * A name as the kernel takes it.
     *
     * @param name at most 15 bytes of UTF-8, without a NUL; may be empty
     * @return its bytes and a final 0
     * @throws IllegalArgumentException when the name is longer, where the kernel would silently cut it, or has a NUL in it
     */
    public static byte[] toBytes(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "a thread's name has at most " + MOST_BYTES + " bytes of UTF-8; \"" + name
                            + "\" has " + bytes.length);
        }
        if (name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a thread's name ends at its first NUL; this one has a NUL in it");
        }
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static Path file(int tid) {
        return Tid.require(tid) == Tid.CURRENT
                ? Path.of("/proc/thread-self/comm")
                : Path.of("/proc/self/task", Integer.toString(tid), "comm");
    }
}
