package dev.linen.thread;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

import dev.linen.futex.Futex;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * One thread's end: to look whether it has come, to wait for it, to be told of it.
 *
 * <p>To be used by callers for whom the thread's memory is kept: see {@link StateWord}.
 */
final class ThreadExit {

    /** How long a wait goes on without a look at the dword. */
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long an interrupt may go unnoticed. */
    private static final long UNINTERRUPTIBLE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final SpinBudget SPIN = new SpinBudget();

    private final StackSlot slot;
    private final Futex futex;
    private final Lent lent;
    private final Runnable watch;
    private final AtomicReference<@Nullable ThreadFault> fault = new AtomicReference<>();

    /** Callers asleep on the dword, or about to be. */
    private final AtomicInteger sleepers = new AtomicInteger();

    /** Whether others may sleep there, who can't be counted. */
    private volatile boolean addressKnown;

    /** Made when somebody wants to be told. */
    private @Nullable CompletableFuture<Long> told;

    /** @param watch called once, with the first who wants to be told: {@link #tell()} will be called at the end then */
    ThreadExit(StackSlot slot, Lent lent, Runnable watch) {
        this.slot = slot;
        this.lent = lent;
        // Not private: the kernel's wake at the end of a thread is a shared one.
        this.futex = Futex.ofShared(slot.futexWord());
        this.watch = watch;
    }

    /** To be called before somebody gets to know where the dword is: a native function may wait on it. */
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
     * @throws SyscallException when the function was never called
     * @throws NativeFaultException when it never returned
     */
    long result() {
        if (slot.hasFault()) {
            throw fault().exception();
        }
        if (slot.failure() != 0) {
            throw ThreadSetup.signalStackFailure(slot); // another call's failure comes out of start
        }
        return slot.result();
    }

    private ThreadFault fault() {
        ThreadFault known = fault.get();
        if (known != null) {
            return known;
        }
        ThreadFault read = FaultReader.read(slot, lent);
        if (!fault.compareAndSet(null, read)) {
            return Objects.requireNonNull(fault.get()); // another joiner's: all get the same
        }
        if (lent.seeFault()) {
            FaultLog.record(read);
        }
        return read;
    }

    synchronized CompletableFuture<Long> future() {
        CompletableFuture<Long> future = told;
        if (future == null) {
            future = new CompletableFuture<>();
            watch.run();
            told = future;
        }
        return future;
    }

    /** For the watcher, when the end has come. */
    void tell() {
        CompletableFuture<Long> future = future();
        try {
            future.complete(result());
        } catch (RuntimeException | Error failed) {
            future.completeExceptionally(failed);
        }
    }

    /**
     * By the futex first, which is quick but can't be interrupted; after a moment, or on a virtual thread at once, parked
     * until the watcher calls.
     *
     * @return false when the time is over
     */
    boolean awaitOrInterrupt(long deadlineNanoTime) throws InterruptedException {
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
            future().get(nanosLeft, TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            // result() will say so
        } catch (TimeoutException over) {
            return hasCome();
        }
        return true;
    }

    void await() {
        if (Thread.currentThread().isVirtual() && !hasCome()) {
            future().exceptionally(failed -> 0L).join();
        } else if (!hasCome() && !comesWhileSpinning(Long.MAX_VALUE)) {
            awaitUntil(Long.MAX_VALUE);
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
