package dev.linen.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The kernel's name of a thread of this process, {@code /proc/self/task/TID/comm}. It is the name that {@code top -H},
 * {@code ps -L} and debuggers show.
 *
 * <p>Java threads have such a name too: {@link Thread#getName()}, if it has at most 15 bytes. Of a longer name, Java 22
 * to 25 give the kernel the first 15 bytes ("C2 CompilerThre"); Java 26 and newer leave out the middle ("C2
 * Comp..hread0"). Changing the name here doesn't change it in Java.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_comm.5.html">proc_pid_comm(5)</a>
 */
public final class ThreadName {

    /**
     * TASK_COMM_LEN without the final 0. It is 16 in the kernel's internal linux/sched.h; no exported header has it.
     */
    private static final int MOST_BYTES = 15;

    private ThreadName() {}

    /**
     * Returns the name of a thread.
     *
     * @param tid the id of a thread of this process; 0 for the calling thread, or its carrier if it is virtual
     * @return the name, which is up to 15 bytes decoded as UTF-8; may be empty
     * @throws IllegalArgumentException if the tid is negative
     * @throws UncheckedIOException if this process has no such thread, or there is no {@code /proc}
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
     * Sets the name of a thread.
     *
     * @param tid the id of a thread of this process; 0 for the calling thread
     * @param name at most 15 bytes of UTF-8, without a NUL; may be empty
     * @throws IllegalArgumentException if the name is longer, which the kernel would silently truncate, or if it
     *         contains a NUL, or if the tid is negative
     * @throws WrongThreadException if the tid is 0 on a virtual thread: this would name its carrier thread
     * @throws UncheckedIOException if this process has no such thread, or there is no {@code /proc}
     */
    public static void set(int tid, String name) {
        byte[] withFinal0 = toBytes(name); // with the 0, because a write of no bytes would not change the name
        try {
            Files.write(file(Tid.requireChangeable(tid)), withFinal0);
        } catch (IOException unwritable) {
            throw new UncheckedIOException("the name of thread " + tid + " can't be set to \"" + name + "\"",
                    unwritable);
        }
    }

    /**
     * Converts a name to the form that the kernel takes.
     *
     * @param name at most 15 bytes of UTF-8, without a NUL; may be empty
     * @return the bytes of the name and a final 0
     * @throws IllegalArgumentException if the name is longer, which the kernel would silently truncate, or if it
     *         contains a NUL
     */
    public static byte[] toBytes(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "the name of a thread can have at most " + MOST_BYTES + " bytes of UTF-8, but \"" + name
                            + "\" has " + bytes.length);
        }
        if (name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the name of a thread must not contain a NUL, which would end it");
        }
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static Path file(int tid) {
        return Tid.require(tid) == Tid.CURRENT
                ? Path.of("/proc/thread-self/comm")
                : Path.of("/proc/self/task", Integer.toString(tid), "comm");
    }
}
