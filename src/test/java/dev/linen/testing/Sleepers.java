package dev.linen.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Waits until a thread is where a test wants it: asleep in a system call. */
public final class Sleepers {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private Sleepers() {}

    /** The current thread, as the kernel calls it. */
    public static long tid() {
        return Syscall.invoke(SyscallNumber.GETTID);
    }

    /** Returns when that thread of this process sleeps in that call. */
    public static void awaitAsleepIn(long tid, int syscallNumber) {
        await(tid, syscallNumber + " ");
    }

    /** Returns when that thread of this process sleeps in that call with that first argument. */
    public static void awaitAsleepIn(long tid, int syscallNumber, long firstArgument) {
        await(tid, syscallNumber + " 0x" + Long.toHexString(firstArgument) + " ");
    }

    private static void await(long tid, String wanted) {
        Path file = Path.of("/proc/self/task", Long.toString(tid), "syscall");
        long giveUp = System.nanoTime() + PATIENCE_NANOS;
        try {
            String seen = Files.readString(file);
            while (!seen.startsWith(wanted)) {
                if (System.nanoTime() > giveUp) {
                    throw new AssertionError("thread " + tid + " isn't in " + wanted + "but in " + seen);
                }
                Thread.onSpinWait();
                seen = Files.readString(file);
            }
        } catch (IOException unreadable) {
            abort("can't tell where a thread sleeps: " + unreadable);
        }
    }
}
