package dev.linen.futex;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import dev.linen.futex.Futex.Wait;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Sleepers;

/** A Java thread that waits on a futex. */
final class Waiter {

    private final CompletableFuture<Long> tid = new CompletableFuture<>();
    private final CompletableFuture<Wait> result = new CompletableFuture<>();

    private Waiter(Supplier<Wait> waiting) {
        Thread thread = new Thread(() -> {
            try {
                tid.complete(Sleepers.tid());
                result.complete(waiting.get());
            } catch (Throwable failed) {
                result.completeExceptionally(failed);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Starts a thread that waits without a time limit while the word is 0; returns when the thread sleeps in the
     * kernel.
     */
    static Waiter start(Futex futex, MemorySegment word) {
        return start(word, () -> futex.await(0));
    }

    /** Starts a thread; returns when the thread sleeps in the kernel, on this word. */
    static Waiter start(MemorySegment word, Supplier<Wait> waiting) {
        Waiter waiter = new Waiter(waiting);
        Sleepers.awaitAsleepIn(waiter.tid(), SyscallNumber.FUTEX, word.address());
        return waiter;
    }

    static Waiter startWithoutWaiting(Supplier<Wait> waiting) {
        return new Waiter(waiting);
    }

    long tid() {
        return tid.join();
    }

    Wait result() {
        return result.orTimeout(2, TimeUnit.MINUTES).join();
    }
}
