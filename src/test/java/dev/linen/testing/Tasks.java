package dev.linen.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The threads of this process, both of Java and native, from {@code /proc/self/task}. */
public final class Tasks {

    private static final Path ALL = Path.of("/proc/self/task");

    private static final int STAT_USER_TICKS = 14;

    private Tasks() {}

    /** Returns the tids of all current threads. */
    public static IntStream tids() {
        return Stream.of(Objects.requireNonNull(new File(ALL.toString()).list())).mapToInt(Integer::parseInt);
    }

    /** Returns whether a thread still exists in the kernel. */
    public static boolean isThere(int tid) {
        return Files.exists(ALL.resolve("" + tid));
    }

    /** Waits until a thread no longer exists in the kernel. */
    public static void awaitGone(int tid) {
        while (isThere(tid)) {
            Thread.onSpinWait();
        }
    }

    /** Returns the name of a thread; empty if it has ended meanwhile. */
    public static String name(int tid) {
        try {
            String comm = read(tid, "comm");
            return comm.substring(0, comm.length() - 1);
        } catch (IOException gone) {
            return "";
        }
    }

    /** Returns a thread whose name has a given prefix. */
    public static OptionalInt named(String start) {
        return tids().filter(tid -> name(tid).startsWith(start)).findFirst();
    }

    /** Waits until a thread has run in user mode for at least one clock tick of the kernel. */
    public static void awaitComputing(int tid) throws IOException {
        while (stat(tid, STAT_USER_TICKS) == 0) {
            Thread.onSpinWait();
        }
    }

    /** Waits until a thread has no pending thread-directed signal. */
    public static void awaitNoSignalPending(int tid) throws IOException {
        while (!read(tid, "status").contains("\nSigPnd:\t0000000000000000\n")) {
            Thread.onSpinWait();
        }
    }

    /**
     * Returns a field of proc_pid_stat(5), from the third one: the second one, the name of the thread, may contain
     * spaces.
     */
    public static long stat(int tid, int field) throws IOException {
        String line = read(tid, "stat");
        return Long.parseLong(line.substring(line.lastIndexOf(')') + 2).strip().split(" ")[field - 3]);
    }

    /** Returns the contents of a file of a thread in /proc. */
    public static String read(int tid, String file) throws IOException {
        return Files.readString(ALL.resolve("" + tid).resolve(file));
    }
}
