package dev.linen.thread;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.stack.SlotPool;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackLease;
import dev.linen.internal.stack.StackSlot;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A thread that the JVM doesn't know. It runs native code on a stack that Java mapped, and is started by {@code clone},
 * or by libc for {@link Kind#POSIX}.
 *
 * <pre>{@code
 * try (NativeThread thread = NativeThread.start(function, 27)) {
 *     long result = thread.join();
 * }
 * }</pre>
 *
 * <p>The thread shares the process's memory, files, working directory and signal handlers. The JVM's pauses
 * (safepoints, garbage collections) don't stop it. All signals are blocked on it, except those that an instruction can
 * raise (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS). It continues to run when the Java thread that started it
 * ends. When the process ends, it ends too.
 *
 * <p>Any number of Java threads may wait for it; each of them gets the result. Its stack can be read until it is
 * closed.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/clone.2.html">clone(2)</a>
 */
public final class NativeThread implements AutoCloseable {

    /** How often joinAny looks if the watcher's thread can't be created. */
    private static final long POLL_MILLIS = 10;

    private final Callers callers = new Callers();
    private final NativeFunction function;
    private final Lent lent;
    private final Kind kind;
    private final SlotPool pool;
    private final StackLease lease = new StackLease();
    private final Departure departure;
    private final Watch watch = new Watch();

    // Set before other threads can see this object, see publish().
    private @Nullable StackBuffer stack;
    private @Nullable ControlBlock block;
    private @Nullable ThreadExit exit;
    int tid;

    /** How a thread is created, which decides what its function may do. */
    public enum Kind {

        /**
         * Created by {@code clone}: neither libc nor the JVM knows the thread. This is the cheapest kind, and the JVM
         * never stops it. It is for functions that need only the kernel, see {@link NativeFunction}.
         */
        CLONE,

        /**
         * Created by {@code pthread_create}, on the same stack: libc keeps its own record of the thread at the top of
         * the stack. This kind is for functions that need all of libc (malloc, errno, stdio, locale, pthread mutexes)
         * or that call Java. In Java it is a daemon thread; the JVM's pauses stop it like other Java threads, and it
         * receives the JVM's own signals. A fault on it isn't contained: it ends the JVM.
         */
        POSIX
    }

    /** The state of a thread. */
    public enum State {

        /** The function hasn't returned. */
        RUNNING,

        /** The function returned, or a fault ended the thread. The result and the stack can be read. */
        ENDED,

        /** The thread has ended, and its memory has been freed. */
        CLOSED,

        /** The thread can't be joined any more. It may still run, or may have ended. */
        DETACHED
    }

    /**
     * Creates a thread that isn't started and has no stack yet. The {@link Departure} exists from now on, so what is
     * acquired later for the thread is also released.
     */
    NativeThread(Kind kind, Lent lent, StackPool pool) {
        this.function = lent.function();
        this.lent = lent;
        this.kind = kind;
        this.pool = pool.slots();
        this.departure = new Departure(this, this.pool, lease, lent, callers);
    }

    /** Takes a stack from the pool and initializes it. */
    ControlBlock prepare(StackGeometry geometry, long code, long argument) {
        StackSlot slot = pool.take(geometry, lease);
        ControlBlock prepared = new ControlBlock(slot);
        prepared.prepare(code, argument, ExitWatcher.listAddress());
        stack = new StackBuffer(slot);
        exit = new ThreadExit(prepared, lent);
        block = prepared;
        departure.prepare(prepared, stack, exit);
        return prepared;
    }

    /**
     * Called when the thread has been started, before its creator gets this object: the creator may pass it on by a
     * data race, and these fields can't be final. The fence does for them what a constructor does for final fields.
     */
    void publish() {
        VarHandle.releaseFence();
    }

    /**
     * Called if the thread couldn't be started, or ended before its function began. The caller keeps the arena that the
     * thread would have owned.
     */
    void giveUp() {
        if (exit != null) {
            exit.await(watch); // if it began, it uses that until it ends
        }
        lent.takeBack();
        close();
    }

    /**
     * Starts a thread with a pointer as its argument, on a stack of 2 MiB.
     *
     * @param function the function to run
     * @param argument the argument: native memory that outlives the thread, or {@link MemorySegment#NULL}
     * @return the running thread
     * @throws IllegalArgumentException if the argument is on the Java heap
     * @throws IllegalStateException if the argument's arena is closed, or the function's library is unloaded
     * @throws SyscallException ENOMEM: not enough memory or address space for the stack, or too many mappings
     *         (vm.max_map_count); EAGAIN: too many threads
     */
    public static NativeThread start(NativeFunction function, MemorySegment argument) {
        return builder().start(function, argument);
    }

    /**
     * Starts a thread with a number as its argument, on a stack of 2 MiB.
     *
     * @param function the function to run
     * @param argument the argument, passed as {@code (void *)argument}
     * @return the running thread
     * @throws IllegalStateException if the function's library is unloaded
     * @throws SyscallException ENOMEM: not enough memory or address space for the stack, or too many mappings
     *         (vm.max_map_count); EAGAIN: too many threads
     */
    public static NativeThread start(NativeFunction function, long argument) {
        return builder().start(function, argument);
    }

    /**
     * Returns a builder, for threads with other properties than the default ones.
     *
     * @return a builder with the default values
     */
    public static NativeThreadBuilder builder() {
        StackRoom.requireForFirstUse();
        return new NativeThreadBuilder();
    }

    /**
     * Returns the thread's id in the kernel: what {@code gettid} returns on it, and its directory in
     * {@code /proc/self/task}. Some time after the thread has ended, the kernel gives the number to another thread.
     *
     * @return the tid
     */
    public int tid() {
        return tid;
    }

    /**
     * Returns how the thread was created.
     *
     * @return by the kernel's clone, or by libc
     */
    public Kind kind() {
        return kind;
    }

    /**
     * Returns the thread's handle: the address of {@code struct {uint32_t futex, canary;}}, as in the original C call.
     * Once the thread is closed, the address may be unmapped, or in use for another thread.
     *
     * @return the address
     */
    public long handle() {
        exit().setAddressKnown();
        return memory().handle();
    }

    /**
     * Returns the thread's memory.
     *
     * @return the stack buffer, which can be read until the thread is closed or detached
     */
    public StackBuffer stack() {
        exit().setAddressKnown();
        return memory();
    }

    /**
     * Returns the state of the thread.
     *
     * @return the state at this moment
     */
    public State state() {
        Callers.Visit visit = new Callers.Visit();
        try {
            if (!callers.enter(visit)) {
                return callers.isDetached() ? State.DETACHED : State.CLOSED;
            }
            return exit().hasEnded() ? State.ENDED : State.RUNNING;
        } finally {
            visit.inside = false;
            departure.leave();
        }
    }

    /**
     * Waits until the thread has ended. A virtual thread is parked meanwhile, so that its carrier is free.
     *
     * @return what the function returned
     * @throws InterruptedException if this Java thread is interrupted before or while it waits; the native thread
     *         continues to run
     * @throws IllegalStateException if the thread is closed or detached, or calls this method on itself
     * @throws NativeFaultException if a fault ended the thread
     * @throws NativeThreadKilledException if the thread was killed
     * @throws SyscallException from {@code sigaltstack}: the thread ended before it called the function
     */
    public long join() throws InterruptedException {
        return joinUntil(Long.MAX_VALUE).orElseThrow();
    }

    /**
     * Waits until the thread has ended, at most for the given time. A virtual thread is parked meanwhile, so that its
     * carrier is free.
     *
     * @param timeout the maximum time to wait; if it is zero or negative, the method doesn't wait
     * @return what the function returned; empty if the thread still runs when the time is over
     * @throws InterruptedException if this Java thread is interrupted before or while it waits; the native thread
     *         continues to run
     * @throws IllegalStateException if the thread is closed or detached, or calls this method on itself
     * @throws NativeFaultException if a fault ended the thread
     * @throws NativeThreadKilledException if the thread was killed
     * @throws SyscallException from {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong join(Duration timeout) throws InterruptedException {
        long deadlineNanoTime = System.nanoTime() + Math.max(0, TimeUnit.NANOSECONDS.convert(timeout));
        return joinUntil(deadlineNanoTime >= 0 ? deadlineNanoTime : Long.MAX_VALUE); // negative: no limit
    }

    private OptionalLong joinUntil(long deadlineNanoTime) throws InterruptedException {
        Callers.Visit visit = new Callers.Visit();
        try {
            enter(visit, "joined");
            requireOther("joined");
            return exit().awaitOrInterrupt(deadlineNanoTime, watch)
                    ? OptionalLong.of(exit().result())
                    : OptionalLong.empty();
        } finally {
            visit.inside = false;
            departure.leave();
        }
    }

    /**
     * Returns the result if the thread has ended. Doesn't wait.
     *
     * @return what the function returned; empty if the thread still runs
     * @throws IllegalStateException if the thread is closed or detached
     * @throws NativeFaultException if a fault ended the thread
     * @throws NativeThreadKilledException if the thread was killed
     * @throws SyscallException from {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong tryJoin() {
        Callers.Visit visit = new Callers.Visit();
        try {
            enter(visit, "joined");
            return exit().hasEnded() ? OptionalLong.of(exit().result()) : OptionalLong.empty();
        } finally {
            visit.inside = false;
            departure.leave();
        }
    }

    /**
     * Waits until one of several threads has ended. A virtual thread is parked meanwhile.
     *
     * @param threads the threads, at least one
     * @return a thread that has ended; {@link #tryJoin()} returns its result
     * @throws InterruptedException if this Java thread is interrupted before or while it waits
     * @throws IllegalArgumentException if there are no threads
     * @throws IllegalStateException if one of the threads is closed or detached
     */
    public static NativeThread joinAny(Collection<NativeThread> threads) throws InterruptedException {
        if (threads.isEmpty()) {
            throw new IllegalArgumentException("joinAny needs at least one thread, but the collection is empty");
        }
        CompletableFuture<?> any = null;
        while (true) {
            for (NativeThread thread : threads) {
                if (thread.state() == State.ENDED) {
                    return thread;
                }
            }
            try {
                if (any == null || any.isDone()) {
                    any = anyEnd(threads);
                }
                any.get(1, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException checked) {
                // a thread has ended, and tryJoin throws the reason; or a full heap has delayed the notification
            } catch (OutOfMemoryError noWatcher) {
                Thread.sleep(POLL_MILLIS);
            }
        }
    }

    private static CompletableFuture<?> anyEnd(Collection<NativeThread> threads) {
        List<CompletableFuture<Long>> ends = new ArrayList<>();
        for (NativeThread thread : threads) {
            ends.add(thread.insideEnd());
        }
        return CompletableFuture.anyOf(ends.toArray(new CompletableFuture<?>[0]));
    }

    /**
     * Returns a future that is completed when the thread ends. A helper thread of linen's completes it. That thread has
     * no other work meanwhile, so dependent stages may block: each one that does occupies a thread.
     *
     * <p>If no helper thread can be created, this method throws an OutOfMemoryError. Another caller that has come for
     * the same thread at that moment gets a future that fails with this error. Both can call the method again.
     *
     * @return a future with the function's result; it fails with a {@link NativeFaultException} if a fault ended the
     *        thread or it was killed, and with a {@link SyscallException} if the thread ended before it called the
     *        function
     * @throws IllegalStateException if the thread is closed or detached
     */
    public CompletableFuture<Long> onExit() {
        Callers.Visit visit = new Callers.Visit();
        try {
            enter(visit, "waited for");
            return exit().onExit(watch);
        } finally {
            visit.inside = false;
            departure.leave();
        }
    }

    private CompletableFuture<Long> insideEnd() {
        Callers.Visit visit = new Callers.Visit();
        try {
            enter(visit, "waited for");
            return exit().future(watch);
        } finally {
            visit.inside = false;
            departure.leave();
        }
    }

    /**
     * The registration of this thread with the watcher. It keeps the NativeThread reachable, because a caller waits for
     * its end.
     */
    private final class Watch implements Watched, Runnable {

        private Callers.@Nullable Visit visit;
        private boolean mayBeWatched;

        /**
         * Registers the thread; for a caller that is inside. While the thread is registered, the watcher counts as a
         * caller that is inside, too.
         *
         * @throws OutOfMemoryError if it can't be registered
         */
        @Override
        public void run() {
            if (visit == null || !visit.inside) { // otherwise it may be registered since an attempt that failed
                visit = new Callers.Visit();
                callers.enterAgain(visit); // before it is registered: what the watcher knows must stay mapped
            }
            try {
                ExitWatcher.watch(this);
            } finally {
                if (!mayBeWatched) {
                    leave();
                }
            }
        }

        private void leave() {
            if (visit != null) {
                visit.inside = false;
            }
        }

        @Override
        public void mayBeWatched(boolean may) {
            mayBeWatched = may;
        }

        @Override
        public ControlBlock block() {
            return Objects.requireNonNull(block);
        }

        @Override
        public boolean endsWithin(long nanos) {
            return exit().endsWithin(nanos);
        }

        @Override
        public void ended() {
            exit().complete();
            leave();
            departure.leaveOnWatcher();
        }
    }

    private ThreadExit exit() {
        return Objects.requireNonNull(exit);
    }

    private StackBuffer memory() {
        return Objects.requireNonNull(stack);
    }

    /** For callers that are inside. Only a POSIX thread can call Java, and so wait for itself. */
    private void requireOther(String wanted) {
        if (kind == Kind.POSIX && !exit().hasEnded() && Syscall.invoke(SyscallNumber.GETTID) == tid) {
            throw new IllegalStateException(this + " can't be " + wanted + " by its own function, which would wait for "
                    + "itself forever");
        }
    }

    /**
     * Waits until the thread has ended and frees its memory. The result is lost with the memory, so call
     * {@link #join()} first. Closing the thread again has no effect, and neither has closing a detached thread.
     *
     * @throws IllegalStateException if a Java thread is in a native call with a segment of the stack, or if the thread
     *         calls this method on itself; the thread stays open
     */
    @Override
    public void close() {
        Callers.Visit visit = new Callers.Visit();
        try {
            if (!callers.enter(visit)) {
                return; // departure.leave() has something to do if an error interrupted a close before
            }
            if (exit != null) {
                requireOther("closed");
                exit.await(watch);
                memory().endViews();
            }
            callers.close();
        } finally {
            visit.inside = false;
            departure.leave();
        }
        departure.await();
    }

    /**
     * Ends the thread, whether it computes or is blocked in a system call. Doesn't wait for the end: {@link #join()}
     * does, and throws {@link NativeThreadKilledException}. Has no effect if the thread has ended, is about to end, or
     * is closed.
     *
     * <p>The thread's work stays unfinished: data may be half written, locks stay locked and files stay open. A thread
     * that has blocked SIGTRAP isn't ended.
     *
     * @throws UnsupportedOperationException if libc created the thread, because libc's locks would stay locked; or if
     *         faults aren't contained, because the signal would end the process
     * @throws IllegalStateException if the thread is detached
     * @throws SyscallException from {@code rt_tgsigqueueinfo}: EPERM from a seccomp filter
     * @see <a href="https://man7.org/linux/man-pages/man2/rt_sigqueueinfo.2.html">rt_tgsigqueueinfo(2)</a>
     */
    public void kill() {
        Callers.Visit visit = new Callers.Visit();
        try {
            if (!callers.enter(visit)) {
                if (callers.isDetached()) {
                    throw refused("killed");
                }
                return;
            }
            if (kind == Kind.POSIX) {
                throw new UnsupportedOperationException(this + " can't be killed: libc created it, and libc's locks "
                        + "that it holds (malloc's, stdio's) would stay locked forever");
            }
            if (!exit().hasEnded()) {
                FaultHandler.kill(Objects.requireNonNull(block).slot().control(), tid);
            }
        } finally {
            visit.inside = false;
            departure.leave();
        }
    }

    /**
     * Detaches the thread: it can't be joined any more, and its memory is freed some time after its end. Callers that
     * already wait for it continue to wait. A thread to which no reference exists any more is detached by the garbage
     * collector.
     *
     * <p>What the thread uses must stay valid until it ends, and the end of a detached thread can't be observed: use
     * global arenas, or an arena that the thread owns.
     *
     * @throws IllegalStateException if the thread is detached or closed; or if a Java thread is in a native call with a
     *         segment of the stack, and then the thread stays open
     */
    public void detach() {
        Callers.Visit visit = new Callers.Visit();
        try {
            enter(visit, "detached");
            memory().endViews();
            if (!callers.detach()) {
                throw refused("detached");
            }
        } finally {
            visit.inside = false;
            departure.leave();
        }
    }

    private void enter(Callers.Visit visit, String wanted) {
        if (!callers.enter(visit)) {
            throw refused(wanted);
        }
    }

    private IllegalStateException refused(String wanted) {
        return new IllegalStateException(this + " can't be " + wanted + " any more: " + (callers.isDetached()
                ? "it was detached"
                : "it was closed, and its memory, which contained the result, is freed"));
    }

    /**
     * Returns the tid, the function and the state.
     *
     * @return "NativeThread[4711, collatz, RUNNING]"
     */
    @Override
    public String toString() {
        return "NativeThread[" + tid + ", " + function + ", " + state() + "]";
    }
}
