package dev.linen.thread;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.helper.Aside;
import dev.linen.internal.helper.Reclaimer;
import dev.linen.internal.stack.SlotPool;
import dev.linen.internal.stack.StackLease;
import dev.linen.syscall.SyscallException;

/**
 * Frees what one thread used. Once the thread has ended and no caller can use its memory any more, its stack is
 * returned to the pool, the arena that it owns is closed, and a fault that no caller has seen is reported.
 *
 * <pre>
 *   closed, detached or forgotten ──ended──────────────────────> stack returned ──> arena closed, fault reported
 *                └──────────────────running──> watched ──ended────────^
 * </pre>
 *
 * <p>This runs on the thread of the last caller that leaves, on the watcher's thread, or on that of the
 * {@link Reclaimer}, which finds forgotten threads and repeats what has failed. User code (cleanup actions of arenas,
 * loggers) runs on the caller's thread or in {@link Aside}: never on the watcher's or the reclaimer's thread, and never
 * while a lock is held.
 */
final class Departure extends Reclaimer.Task implements Watched {

    /** The interval at which {@link #await} checks whether another thread has failed to free the memory. */
    private static final long CHECK_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    private final SlotPool pool;
    private final StackLease lease;
    private final Lent lent;
    private final Callers callers;

    // Set when the thread has a stack, before it is started. Guarded by this: whoever reads them has begun before.
    private @Nullable ControlBlock block;
    private @Nullable StackBuffer stack;
    private @Nullable ThreadExit exit;

    // Guarded by this.
    private boolean busy;
    private boolean watched;
    private boolean endedEarly;
    private boolean finishing;

    /** Used by the thread that is busy only. */
    private boolean mayBeWatched;

    private volatile boolean stackGone;
    private volatile boolean finished;

    /** Written before stackGone, and read after it. */
    private Optional<ThreadFault> unseen = Optional.empty();

    /** @param owner the thread; when it isn't reachable any more, it has been forgotten */
    Departure(Object owner, SlotPool pool, StackLease lease, Lent lent, Callers callers) {
        super(owner);
        this.pool = pool;
        this.lease = lease;
        this.lent = lent;
        this.callers = callers;
        register();
    }

    /** Sets the thread's memory. Called before the thread is started. */
    synchronized void prepare(ControlBlock newBlock, StackBuffer newStack, ThreadExit newExit) {
        stack = newStack;
        exit = newExit;
        block = newBlock;
    }

    @Override
    public ControlBlock block() {
        return Objects.requireNonNull(block);
    }

    @Override
    public boolean endsWithin(long nanos) {
        return Objects.requireNonNull(exit).endsWithin(nanos);
    }

    /** For a caller that has left. If it was the last caller of a closed or detached thread, it frees the memory. */
    void leave() {
        if (callers.haveAllLeft()) {
            begin(/* onCallersThread */ true);
        }
    }

    /** For the watcher, after it has left. Throws nothing: what fails is tried again. */
    void leaveOnWatcher() {
        try {
            if (callers.haveAllLeft()) {
                begin(/* onCallersThread */ false);
            }
        } catch (RuntimeException | Error failed) {
            // begin has arranged another try
        }
    }

    @Override
    protected void reclaim() {
        begin(/* onCallersThread */ false);
    }

    private void begin(boolean onCallersThread) {
        synchronized (this) {
            if (busy) {
                return;
            }
            busy = true;
        }
        boolean begun = false;
        try {
            if (stackGone || !lease.isHeld() || block == null || block.hasEnded()) {
                giveBack(onCallersThread);
            } else {
                watch();
            }
            begun = true;
        } catch (OutOfMemoryError full) {
            // there is no thread for the watcher, or no heap: tried again, see below
        } finally {
            if (!begun) {
                synchronized (this) { // first, because it can't fail: another thread may then try
                    busy = false;
                }
                tryAgain();
            }
        }
    }

    private void watch() {
        Objects.requireNonNull(stack).endViews();
        block().clearCanary();
        try {
            ExitWatcher.watch(this);
        } catch (RuntimeException | Error failed) {
            if (!mayBeWatched) {
                throw failed;
            }
        }
        boolean endedMeanwhile;
        synchronized (this) {
            watched = true;
            endedMeanwhile = endedEarly;
        }
        if (endedMeanwhile) {
            giveBack(/* onCallersThread */ false);
        }
    }

    @Override
    public void mayBeWatched(boolean may) {
        mayBeWatched = may;
    }

    /** For the watcher. Throws nothing: what fails is tried again. */
    @Override
    public void ended() {
        synchronized (this) {
            if (!watched) {
                endedEarly = true;
                return;
            }
            busy = false;
        }
        try {
            begin(/* onCallersThread */ false);
        } catch (RuntimeException | Error failed) {
            // begin has arranged another try
        }
    }

    private void giveBack(boolean onCallersThread) {
        if (!stackGone && block != null && lease.isHeld()) {
            unseen = Objects.requireNonNull(exit).leave();
            Objects.requireNonNull(stack).endViews();
            block.clearCanary();
            try {
                pool.giveBack(lease, /* warm */ !block.hasFault() && block.slot().isIntact());
            } catch (SyscallException ofCooling) {
                // the stack has been returned, although pages couldn't be discarded
            }
        } else {
            pool.giveBack(lease, /* warm */ false);
        }
        stackGone = true;
        if (onCallersThread || !(lent.ownsArena() || unseen.isPresent())) {
            finish();
        } else {
            Aside.run(new Finish());
        }
        done();
    }

    private final class Finish extends Aside.Task {

        @Override
        protected void work() {
            finish();
        }
    }

    private void finish() {
        synchronized (this) {
            if (finishing) {
                return;
            }
            finishing = true;
        }
        boolean done = false;
        try {
            lent.closeArena();
            if (unseen.isPresent()) { // no ifPresent: creating a class for its lambda would delay the first join
                FaultLog.reportUnseen(unseen.get());
            }
            done = true;
        } finally {
            finished = done;
            if (!done) { // no room on the stack, or no heap: tried again
                synchronized (this) {
                    finishing = false;
                }
            }
        }
    }

    /**
     * Waits, uninterruptibly, until the memory is freed and the arena closed. Does itself what no other thread is
     * doing.
     */
    void await() {
        boolean interrupted = false;
        while (!finished) {
            if (stackGone) {
                finish();
            } else {
                leave();
            }
            if (!finished) { // another thread is about to: this is rare, and takes a moment
                LockSupport.parkNanos(CHECK_NANOS);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
