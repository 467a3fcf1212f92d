package dev.linen.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Waits until a thread sleeps in a system call. */
public final class Sleepers {

    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5);

    private Sleepers() {}

    /** Returns the tid of the current thread. */
    public static long tid() {
        return Syscall.invoke(SyscallNumber.GETTID);
    }

    /** Waits until a thread of this process sleeps in a given call. */
    public static void awaitAsleepIn(long tid, long syscallNumber) {
        await(tid, syscallNumber + " ");
    }

    /** Waits until a thread of this process sleeps in a given call with a given first argument. */
    public static void awaitAsleepIn(long tid, long syscallNumber, long firstArgument) {
        await(tid, syscallNumber + " 0x" + Long.toHexString(firstArgument) + " ");
    }

    private static void await(long tid, String wanted) {
        Path file = Path.of("/proc/self/task", Long.toString(tid), "syscall");
        long giveUp = System.nanoTime() + PATIENCE_NANOS;
        try {
            Skip.ifEmulated("the kernel shows the number that a system call has on that CPU");
            String seen = Files.readString(file);
            while (!seen.startsWith(wanted)) {
                if (System.nanoTime() > giveUp) {
                    throw new AssertionError("thread " + tid + " isn't in " + wanted + "but in " + seen);
                }
                Thread.onSpinWait();
                seen = Files.readString(file);
            }
        } catch (IOException unreadable) {
            Skip.because("can't determine the system call of a thread: " + unreadable);
        }
    }
}
