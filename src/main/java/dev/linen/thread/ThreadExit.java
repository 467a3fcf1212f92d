package dev.linen.thread;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

import dev.linen.futex.Futex;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * One thread's end: to look whether it has come, to wait for it, to be notified of it, and what came of it.
 *
 * <p>For callers that keep the thread's memory mapped: see {@link Callers}.
 */
final class ThreadExit {

    /** How long a wait goes on without a look at the dword. */
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long an interrupt may go unnoticed. */
    private static final long UNINTERRUPTIBLE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final SpinBudget SPIN = new SpinBudget();

    private final ControlBlock block;
    private final Futex futex;
    private final Lent lent;

    /** Callers asleep on the dword, or about to be. */
    private final AtomicInteger sleepers = new AtomicInteger();

    /** Whether native functions may sleep there, which can't be counted. */
    private volatile boolean addressKnown;

    /** Made when it is first asked for. Guarded by this, when it changes. */
    private volatile @Nullable CompletableFuture<Long> told;

    // Guarded by this.
    private @Nullable ThreadFault fault;
    private boolean faultSeen;

    ThreadExit(ControlBlock block, Lent lent) {
        this.block = block;
        this.lent = lent;
        // Not private: the kernel's wake at the end of a thread is a shared one.
        this.futex = Futex.ofShared(block.futexWord());
    }

    /** To be called before anybody learns where the dword is: a native function may wait on it. */
    void tellAddress() {
        addressKnown = true;
    }

    boolean hasCome() {
        return futex.value() == 0;
    }

    boolean comesWithin(long nanos) {
        return awaitUntil(System.nanoTime() + nanos);
    }

    /**
     * What the function returned, once the end has come.
     *
     * @throws SyscallException if the function was never called
     * @throws NativeFaultException if it never returned
     */
    long result() {
        if (block.hasFault()) {
            throw exception(seenFault());
        }
        if (block.failure() != 0) {
            throw ThreadSetup.signalStackFailure(block); // another call's failure comes out of start
        }
        return block.result();
    }

    /** A new one for each caller, with the caller's stack trace. */
    private static NativeFaultException exception(ThreadFault fault) {
        return fault.isKill() ? new NativeThreadKilledException(fault) : new NativeFaultException(fault);
    }

    /** All callers get the same one. */
    private ThreadFault seenFault() {
        ThreadFault read = readFault();
        boolean first;
        synchronized (this) {
            first = !faultSeen;
            faultSeen = true;
        }
        if (first) {
            FaultLog.record(read);
        }
        return read;
    }

    private ThreadFault readFault() {
        ThreadFault read = ThreadFault.of(block, lent);
        synchronized (this) {
            if (fault == null) {
                fault = read;
            }
            return fault;
        }
    }

    /**
     * To be called when the thread has ended, before its stack is used again. Keeps what its fault report needs.
     *
     * @return the fault, if there is one and no caller has seen it
     */
    Optional<ThreadFault> leave() {
        if (!block.hasFault()) {
            return Optional.empty();
        }
        ThreadFault read = readFault();
        read.settle();
        synchronized (this) {
            return faultSeen ? Optional.empty() : Optional.of(read);
        }
    }

    /**
     * Completed by the watcher. What depends on it runs on the watcher's thread, and so must not be a user's.
     *
     * @param watch called for the first caller: sees to it that {@link #tell()} is called at the end
     * @throws OutOfMemoryError if there is no watcher and none can be made
     */
    CompletableFuture<Long> future(Runnable watch) {
        CompletableFuture<Long> fresh = new CompletableFuture<>();
        synchronized (this) {
            if (told != null) {
                return told;
            }
            told = fresh;
        }
        try {
            watch.run();
        } catch (RuntimeException | Error failed) {
            synchronized (this) {
                told = null;
            }
            fresh.completeExceptionally(failed); // another caller may have it by now
            throw failed;
        }
        return fresh;
    }

    /** For the watcher, when the end has come. */
    void tell() {
        CompletableFuture<Long> future = told;
        if (future == null) { // whoever asked for it was told that it can't be had
            return;
        }
        try {
            future.complete(result());
        } catch (RuntimeException | Error failed) {
            future.completeExceptionally(failed);
        }
    }

    /**
     * By the futex first, which is fast but can't be interrupted; after a moment, or on a virtual thread at once, parked until
     * the watcher completes the future.
     *
     * @param watch see {@link #future}
     * @return false when the time is over
     */
    boolean awaitOrInterrupt(long deadlineNanoTime, Runnable watch) throws InterruptedException {
        if (hasCome()) {
            return true;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (!Thread.currentThread().isVirtual() && (comesWhileSpinning(deadlineNanoTime)
                || awaitUntil(Math.min(deadlineNanoTime, System.nanoTime() + UNINTERRUPTIBLE_NANOS)))) {
            return true;
        }
        long nanosLeft = deadlineNanoTime - System.nanoTime();
        if (nanosLeft <= 0) {
            return hasCome();
        }
        try {
            future(watch).get(nanosLeft, TimeUnit.NANOSECONDS);
        } catch (ExecutionException | OutOfMemoryError failed) {
            // result() says so; or there is no watcher
        } catch (TimeoutException over) {
            return hasCome();
        }
        return hasCome() || pollOrInterrupt(deadlineNanoTime);
    }

    /** Without the watcher: there is no room for its thread. */
    private boolean pollOrInterrupt(long deadlineNanoTime) throws InterruptedException {
        while (!pollUntil(Math.min(deadlineNanoTime, System.nanoTime() + UNINTERRUPTIBLE_NANOS))) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (System.nanoTime() >= deadlineNanoTime) {
                return hasCome();
            }
        }
        return true;
    }

    private boolean pollUntil(long deadlineNanoTime) {
        if (!Thread.currentThread().isVirtual()) {
            return awaitUntil(deadlineNanoTime);
        }
        LockSupport.parkNanos(deadlineNanoTime - System.nanoTime()); // doesn't block the carrier
        return hasCome();
    }

    /** Not to be interrupted. */
    void await(Runnable watch) {
        if (hasCome()) {
            return;
        }
        if (!Thread.currentThread().isVirtual()) {
            if (!comesWhileSpinning(Long.MAX_VALUE)) {
                awaitUntil(Long.MAX_VALUE);
            }
            return;
        }
        try {
            future(watch).exceptionally(failed -> 0L).join();
        } catch (OutOfMemoryError noWatcher) {
            // see below
        }
        while (!hasCome()) {
            pollUntil(System.nanoTime() + UNINTERRUPTIBLE_NANOS);
        }
    }

    /** For platform threads: the carrier of a virtual one has others to run. */
    private boolean comesWhileSpinning(long deadlineNanoTime) {
        long nanos = SPIN.nanos();
        long begin = System.nanoTime();
        if (nanos == 0 || deadlineNanoTime - begin < nanos) {
            return false;
        }
        boolean come;
        boolean over;
        do {
            Thread.onSpinWait();
            come = hasCome();
            over = System.nanoTime() - begin >= nanos;
        } while (!come && !over);
        if (come && !over) { // with one CPU, the end may come while who spins isn't running: that's no luck
            SPIN.paid();
        } else {
            SPIN.missed();
        }
        return come;
    }

    /**
     * The kernel wakes one of those who sleep, and that one wakes the others, if there can be any: it asks after the end, so who
     * comes later finds the dword cleared and doesn't sleep. The one may be a native function that waits on the handle and knows
     * nothing of that duty; so nobody here sleeps for longer than a second without looking.
     */
    private boolean awaitUntil(long deadlineNanoTime) {
        if (hasCome() || comesWhileOthersRun()) {
            return true;
        }
        sleepers.incrementAndGet();
        boolean come;
        try {
            come = sleepUntil(deadlineNanoTime);
        } finally {
            sleepers.decrementAndGet();
        }
        if (come && (addressKnown || sleepers.get() > 0)) {
            futex.wakeAll();
        }
        return come;
    }

    /** With one CPU for both, the thread runs now, and is over before this one would have slept: that saves a sleep and a wake. */
    private boolean comesWhileOthersRun() {
        Syscall.invoke(SyscallNumber.SCHED_YIELD);
        return hasCome();
    }

    private boolean sleepUntil(long deadlineNanoTime) {
        for (int running = futex.value(); running != 0; running = futex.value()) {
            long now = System.nanoTime();
            if (now >= deadlineNanoTime) {
                return false;
            }
            futex.awaitUntil(running, deadlineNanoTime - now > LOOK_NANOS ? now + LOOK_NANOS : deadlineNanoTime);
        }
        return true;
    }
}
