package dev.linen.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** This process's threads as the kernel knows them, Java's and native: {@code /proc/self/task}. */
public final class Tasks {

    private static final Path ALL = Path.of("/proc/self/task");

    private static final int STAT_USER_TICKS = 14;

    private Tasks() {}

    /** Their ids, at this moment. */
    public static IntStream tids() {
        return Stream.of(Objects.requireNonNull(new File(ALL.toString()).list())).mapToInt(Integer::parseInt);
    }

    /** Whether the kernel still has it. */
    public static boolean isThere(int tid) {
        return Files.exists(ALL.resolve("" + tid));
    }

    /** Returns when the kernel no longer has it. */
    public static void awaitGone(int tid) {
        while (isThere(tid)) {
            Thread.onSpinWait();
        }
    }

    /** Its name, without the newline; empty when it has ended meanwhile. */
    public static String name(int tid) {
        try {
            String comm = read(tid, "comm");
            return comm.substring(0, comm.length() - 1);
        } catch (IOException gone) {
            return "";
        }
    }

    /** One of those whose name starts like that. */
    public static OptionalInt named(String start) {
        return tids().filter(tid -> name(tid).startsWith(start)).findFirst();
    }

    /** Returns when it has computed for a tick of the kernel's clock at least, in code of its own. */
    public static void awaitComputing(int tid) throws IOException {
        while (stat(tid, STAT_USER_TICKS) == 0) {
            Thread.onSpinWait();
        }
    }

    /** Returns when no signal to it alone waits to be taken. */
    public static void awaitNoSignalPending(int tid) throws IOException {
        while (!read(tid, "status").contains("\nSigPnd:\t0000000000000000\n")) {
            Thread.onSpinWait();
        }
    }

    /** A field of proc_pid_stat(5), from the third on: a thread's name may have blanks in it. */
    public static long stat(int tid, int field) throws IOException {
        String line = read(tid, "stat");
        return Long.parseLong(line.substring(line.lastIndexOf(')') + 2).strip().split(" ")[field - 3]);
    }

    /** A file of its. */
    public static String read(int tid, String file) throws IOException {
        return Files.readString(ALL.resolve("" + tid).resolve(file));
    }
}
