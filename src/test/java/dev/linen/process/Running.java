package dev.linen.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.futex.Futex;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

/** A native thread that sleeps until it is closed. */
final class Running implements AutoCloseable {

    /** A tid that no thread can have: it is above the maximum of pid_max, 2^22. */
    static final int NO_TID = (1 << 22) + 1;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment word = arena.allocate(2 * Long.BYTES, Long.BYTES);
    private final NativeThread thread = NativeThread.start(TestFunctions.function("wait_for_word"), word);

    int tid() {
        return thread.tid();
    }

    /** Returns the tid of the calling thread. */
    static int ownTid() {
        return (int) Syscall.invoke(SyscallNumber.GETTID);
    }

    @Override
    public void close() {
        Futex futex = Futex.ofShared(word);
        futex.set(1);
        futex.wakeAll();
        thread.close();
        arena.close();
    }
}
