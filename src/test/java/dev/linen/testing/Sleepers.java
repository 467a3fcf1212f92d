package dev.linen.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Waits until a thread sleeps in a system call. */
public final class Sleepers {

    private static final String UNKNOWN = "can't determine the system call of a thread: ";

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
        try (FileChannel call = callOf(tid)) {
            await(call, wanted);
        } catch (IOException unreadable) {
            Skip.because(UNKNOWN + unreadable);
        }
    }

    /** Opens what tells in which call a thread of this process is: for a test in which an open would have to wait. */
    public static FileChannel callOf(long tid) {
        try {
            Skip.ifEmulated("the kernel shows the number that a system call has on that CPU");
            return FileChannel.open(Path.of("/proc/self/task", Long.toString(tid), "syscall"));
        } catch (IOException unreadable) {
            return Skip.because(UNKNOWN + unreadable);
        }
    }

    /** Waits until the thread sleeps in a given call. */
    public static void awaitAsleepIn(FileChannel call, long syscallNumber) throws IOException {
        await(call, syscallNumber + " ");
    }

    private static void await(FileChannel call, String wanted) throws IOException {
        long giveUp = System.nanoTime() + PATIENCE_NANOS;
        ByteBuffer bytes = ByteBuffer.allocate(256);
        String seen;
        do {
            call.read(bytes.clear(), 0);
            seen = StandardCharsets.US_ASCII.decode(bytes.flip()).toString();
            if (System.nanoTime() > giveUp) {
                throw new AssertionError("the thread isn't in " + wanted + "but in " + seen);
            }
            Thread.onSpinWait();
        } while (!seen.startsWith(wanted));
    }
}
