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
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.helper.Aside;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * The end of one thread: checks for it, waits for it, notifies of it, and returns its outcome.
 *
 * <p>For callers that keep the thread's memory mapped: see {@link Callers}.
 */
final class ThreadExit {

    /** The longest sleep on the dword without checking it. */
    private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The longest time for which an interrupt may go unnoticed. */
    private static final long UNINTERRUPTIBLE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final SpinBudget SPIN = new SpinBudget();

    private final ControlBlock block;
    private final Futex futex;
    private final Lent lent;

    /** The number of callers that sleep on the dword, or are about to. */
    private final AtomicInteger sleepers = new AtomicInteger();

    /** Whether native functions may sleep on the dword, too; these can't be counted. */
    private volatile boolean addressKnown;

    /** Created on demand. Changes are guarded by this. */
    private volatile @Nullable End end;

    // Guarded by this.
    private @Nullable ThreadFault fault;
    private boolean faultSeen;

    ThreadExit(ControlBlock block, Lent lent) {
        this.block = block;
        this.lent = lent;
        // Not private: at the end of a thread, the kernel wakes a shared futex.
        this.futex = Futex.ofShared(block.futexWord());
    }

    /** Initializes the classes that a future needs, see {@link ExitWatcher#initialize()}. */
    static void initialize() {
        End end = new End();
        end.add(new Notification(end));
        end.complete(0L);
        end.notifyCallers();
    }

    /** Must be called before the address of the dword is handed out: a native function may then wait on it. */
    void setAddressKnown() {
        addressKnown = true;
    }

    boolean hasEnded() {
        return futex.value() == 0;
    }

    boolean endsWithin(long nanos) {
        return awaitUntil(System.nanoTime() + nanos);
    }

    /**
     * Returns the function's result. The thread must have ended.
     *
     * @throws SyscallException if the function was never called
     * @throws NativeFaultException if the function never returned
     */
    long result() {
        if (block.hasFault()) {
            throw exception(seenFault());
        }
        if (block.failure() != 0) {
            throw ThreadSetup.signalStackFailure(block); // the failure of another call is thrown by start
        }
        return block.result();
    }

    /** Creates a new exception for each caller, with the caller's stack trace. */
    private static NativeFaultException exception(ThreadFault fault) {
        return fault.isKill() ? new NativeThreadKilledException(fault) : new NativeFaultException(fault);
    }

    /** Returns the fault, which is the same object for all callers. */
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
        synchronized (this) {
            if (fault != null) {
                return fault;
            }
        }
        ThreadFault read = ThreadFault.of(block, lent); // not under the lock: it allocates
        synchronized (this) {
            if (fault == null) {
                fault = read;
            }
            return fault;
        }
    }

    /**
     * Copies what the fault report needs. Must be called when the thread has ended, before its stack is used again.
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

    /** The end, for the callers that wait for it. Dependent stages run on the watcher's thread: never user code. */
    static final class End extends CompletableFuture<Long> {

        /** A list by {@link Notification#next}, guarded by this. */
        private @Nullable Notification first;

        private void add(Notification notification) {
            synchronized (this) {
                notification.next = first;
                first = notification;
            }
            if (isDone()) {
                notifyCallers();
            }
        }

        /** Once this is completed. */
        private void notifyCallers() {
            StackRoom.require(); // what is taken must be passed on
            for (Notification each = take(); each != null; each = take()) {
                Aside.run(each);
            }
        }

        private synchronized @Nullable Notification take() {
            Notification taken = first;
            if (taken != null) {
                first = taken.next;
            }
            return taken;
        }
    }

    /** Completes a caller's own future. A dependent of {@link End} could be lost when the heap is full. */
    private static final class Notification extends Aside.Task {

        private final CompletableFuture<Long> future = new CompletableFuture<>();
        private final End end;
        private @Nullable Notification next;

        private Notification(End end) {
            this.end = end;
        }

        @Override
        protected void work() {
            if (!end.isCompletedExceptionally()) {
                future.complete(end.resultNow());
            } else {
                future.completeExceptionally(end.exceptionNow());
            }
        }
    }

    /**
     * Returns a new future, which a helper thread completes.
     *
     * @param watch see {@link #future}
     */
    CompletableFuture<Long> onExit(Runnable watch) {
        End watched = future(watch);
        Notification notification = new Notification(watched);
        watched.add(notification);
        return notification.future;
    }

    /**
     * Returns a future that the watcher completes.
     *
     * @param watch called for the first caller: it ensures that {@link #complete()} is called when the thread ends
     * @throws OutOfMemoryError if there is no watcher and none can be created
     */
    End future(Runnable watch) {
        End fresh = new End();
        synchronized (this) {
            if (end != null) {
                return end;
            }
            end = fresh;
        }
        try {
            watch.run();
        } catch (RuntimeException | Error failed) {
            synchronized (this) {
                end = null;
            }
            fresh.completeExceptionally(failed); // another caller may already have it
            fresh.notifyCallers();
            throw failed;
        }
        return fresh;
    }

    /** For the watcher, when the thread has ended. If there is no heap for it, it can be tried again. */
    void complete() {
        End future = end;
        if (future == null) { // whoever asked for it got an error
            return;
        }
        if (!future.isDone()) {
            try {
                future.complete(result());
            } catch (SyscallException | NativeFaultException noResult) {
                future.completeExceptionally(noResult);
            }
        }
        future.notifyCallers();
    }

    /**
     * Waits until the thread has ended. It first sleeps on the futex, which is fast but can't be interrupted. After a
     * moment, or immediately on a virtual thread, it parks until the watcher completes the future.
     *
     * @param watch see {@link #future}
     * @return false if the deadline has passed
     */
    boolean awaitOrInterrupt(long deadlineNanoTime, Runnable watch) throws InterruptedException {
        if (hasEnded()) {
            return true;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (!Thread.currentThread().isVirtual() && (endsWhileSpinning(deadlineNanoTime)
                || awaitUntil(Math.min(deadlineNanoTime, System.nanoTime() + UNINTERRUPTIBLE_NANOS)))) {
            return true;
        }
        try {
            for (long nanosLeft; (nanosLeft = deadlineNanoTime - System.nanoTime()) > 0 && !hasEnded();) {
                park(future(watch), Math.min(nanosLeft, CHECK_NANOS));
            }
            return hasEnded();
        } catch (ExecutionException | OutOfMemoryError failed) {
            // the reason is thrown by result(), or there is no watcher
            return hasEnded() || pollOrInterrupt(deadlineNanoTime);
        }
    }

    private static void park(End end, long nanos) throws InterruptedException, ExecutionException {
        try {
            end.get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException over) {
            // the caller checks
        }
    }

    /** Waits without the watcher, whose thread couldn't be created. */
    private boolean pollOrInterrupt(long deadlineNanoTime) throws InterruptedException {
        while (!pollUntil(Math.min(deadlineNanoTime, System.nanoTime() + UNINTERRUPTIBLE_NANOS))) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (System.nanoTime() >= deadlineNanoTime) {
                return hasEnded();
            }
        }
        return true;
    }

    private boolean pollUntil(long deadlineNanoTime) {
        if (!Thread.currentThread().isVirtual()) {
            return awaitUntil(deadlineNanoTime);
        }
        LockSupport.parkNanos(deadlineNanoTime - System.nanoTime()); // parking doesn't block the carrier
        return hasEnded();
    }

    /** Waits uninterruptibly until the thread has ended. */
    void await(Runnable watch) {
        if (hasEnded()) {
            return;
        }
        if (!Thread.currentThread().isVirtual()) {
            if (!endsWhileSpinning(Long.MAX_VALUE)) {
                awaitUntil(Long.MAX_VALUE);
            }
            return;
        }
        boolean interrupted = false;
        while (!hasEnded()) {
            try {
                park(future(watch), CHECK_NANOS);
            } catch (InterruptedException deferred) {
                interrupted = true;
            } catch (ExecutionException | OutOfMemoryError noWatcher) {
                pollUntil(System.nanoTime() + UNINTERRUPTIBLE_NANOS);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** For platform threads: the carrier of a virtual thread has other work. */
    private boolean endsWhileSpinning(long deadlineNanoTime) {
        long nanos = SPIN.nanos();
        long begin = System.nanoTime();
        if (nanos == 0 || deadlineNanoTime - begin < nanos) {
            return false;
        }
        boolean ended;
        boolean over;
        do {
            Thread.onSpinWait();
            ended = hasEnded();
            over = System.nanoTime() - begin >= nanos;
        } while (!ended && !over);
        if (ended && !over) { // with one CPU, the end may come while this thread is preempted: spinning didn't pay
            SPIN.paid();
        } else {
            SPIN.missed();
        }
        return ended;
    }

    /**
     * Sleeps until the thread has ended. The kernel wakes only one sleeper. That one wakes the others, if there may be
     * any; it checks for them after the end, so a later caller finds the dword cleared and doesn't sleep. The woken
     * sleeper may be a native function that waits on the handle and doesn't wake the others. Therefore no caller sleeps
     * here for longer than a second without checking the dword.
     */
    private boolean awaitUntil(long deadlineNanoTime) {
        if (hasEnded() || endsAfterYield()) {
            return true;
        }
        sleepers.incrementAndGet();
        boolean ended;
        try {
            ended = sleepUntil(deadlineNanoTime);
        } finally {
            sleepers.decrementAndGet();
        }
        if (ended && (addressKnown || sleepers.get() > 0)) {
            futex.wakeAll();
        }
        return ended;
    }

    /**
     * Yields once. If both threads share one CPU, the native thread runs now and may end, which saves a sleep and a
     * wake.
     */
    private boolean endsAfterYield() {
        Syscall.invoke(SyscallNumber.SCHED_YIELD);
        return hasEnded();
    }

    private boolean sleepUntil(long deadlineNanoTime) {
        for (int running = futex.value(); running != 0; running = futex.value()) {
            long now = System.nanoTime();
            if (now >= deadlineNanoTime) {
                return false;
            }
            futex.awaitUntil(running, deadlineNanoTime - now > CHECK_NANOS ? now + CHECK_NANOS : deadlineNanoTime);
        }
        return true;
    }
}
