package dev.linen.thread;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.helper.Aside;
import dev.linen.internal.helper.Reclaimer;
import dev.linen.internal.stack.SlotPool;
import dev.linen.internal.stack.StackLease;
import dev.linen.syscall.SyscallException;

/**
 * How one thread leaves: once no caller can use its memory any more and it has ended, its stack goes back to the pool, its arena is
 * closed, and a fault that no caller has seen is reported.
 *
 * <pre>
 *   closed, detached or forgotten ──ended──────────────────────> stack given back ──> arena closed, fault reported
 *                └──────────────────running──> watched ──ended────────^
 * </pre>
 *
 * <p>It runs on the thread of the caller that left last, on the watcher's or on the {@link Reclaimer}'s, which finds forgotten
 * threads and tries again what has failed. Users' code (clean-up actions of arenas, loggers) runs on the caller's thread or
 * {@link Aside}: never on linen's own threads, and never under a lock.
 */
final class Departure extends Reclaimer.Task implements Watched {

    /** How long a closer waits for another thread that gives the memory back, before it looks whether that has failed. */
    private static final long LOOK_MILLIS = 10;

    private final SlotPool pool;
    private final StackLease lease;
    private final Lent lent;
    private final Callers callers;
    private final CountDownLatch over = new CountDownLatch(1);

    // Set when the thread has got its stack, before it is started.
    private @Nullable ControlBlock block;
    private @Nullable StackBuffer stack;
    private @Nullable ThreadExit exit;

    // Guarded by this.
    private boolean busy;
    private boolean watched;
    private boolean watching;
    private boolean endedEarly;
    private boolean finishing;

    private volatile boolean stackGone;
    private volatile boolean finished;
    private Optional<ThreadFault> unseen = Optional.empty();

    /** @param owner the thread, which is forgotten when it isn't reachable any more */
    Departure(Object owner, SlotPool pool, StackLease lease, Lent lent, Callers callers) {
        super(owner);
        this.pool = pool;
        this.lease = lease;
        this.lent = lent;
        this.callers = callers;
    }

    /** What the thread has. Called before it is started. */
    void prepare(ControlBlock newBlock, StackBuffer newStack, ThreadExit newExit) {
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
        return Objects.requireNonNull(exit).comesWithin(nanos);
    }

    /** For a caller that has left. The last one of a closed or detached thread gives the memory back. */
    void leave() {
        if (callers.haveAllLeft()) {
            begin(/* onCallersThread */ true);
        }
    }

    /** For the watcher, which has left. Throws nothing: what fails is tried again. */
    void leaveOnWatcher() {
        try {
            if (callers.haveAllLeft()) {
                begin(/* onCallersThread */ false);
            }
        } catch (RuntimeException | Error failed) {
            // begin has seen to it
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
            // no thread for the watcher, or no heap: see below
        } finally {
            if (!begun) {
                synchronized (this) { // first what can't fail: others may try, too
                    busy = false;
                }
                tryAgain();
            }
        }
    }

    private void watch() {
        Objects.requireNonNull(stack).endViews();
        block().clearCanary();
        watching = true;
        try {
            ExitWatcher.watch(this);
        } catch (RuntimeException | Error failed) {
            if (!watching) {
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
    public void refused() {
        watching = false;
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
            // begin has seen to it
        }
    }

    private void giveBack(boolean onCallersThread) {
        SyscallException refused = null;
        if (!stackGone && block != null && lease.isHeld()) {
            unseen = Objects.requireNonNull(exit).leave();
            Objects.requireNonNull(stack).endViews();
            block.clearCanary();
            try {
                pool.giveBack(lease, /* warm */ !block.hasFault());
            } catch (SyscallException ofCooling) { // the stack is given back all the same
                refused = ofCooling;
            }
        } else {
            pool.giveBack(lease, /* warm */ false);
        }
        stackGone = true;
        if (onCallersThread || !(lent.ownsArena() || unseen.isPresent())) {
            finish();
        } else {
            Aside.run(this::finish);
        }
        done();
        if (refused != null && onCallersThread) {
            throw refused;
        }
    }

    private void finish() {
        synchronized (this) {
            if (finishing) {
                return;
            }
            finishing = true;
        }
        try {
            lent.closeArena();
            unseen.ifPresent(FaultLog::reportUnseen);
        } finally {
            finished = true;
            over.countDown();
        }
    }

    /** Waits, uninterruptibly, until the memory is given back and the arena closed; does itself what nobody has begun. */
    void await() {
        boolean interrupted = false;
        while (!finished) {
            try {
                over.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException later) {
                interrupted = true;
            }
            if (stackGone) {
                finish();
            } else {
                leave();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
