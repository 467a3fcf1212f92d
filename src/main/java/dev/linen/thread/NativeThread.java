package dev.linen.thread;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.helper.Aside;
import dev.linen.internal.stack.SlotPool;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackLease;
import dev.linen.internal.stack.StackSlot;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A thread that the JVM doesn't know: native code on memory that Java mapped, started by {@code clone}, or by libc if it is to
 * be a {@link Kind#POSIX POSIX} thread.
 *
 * <pre>{@code
 * try (NativeThread thread = NativeThread.start(function, 27)) {
 *     long result = thread.join();
 * }
 * }</pre>
 *
 * <p>It shares the process's memory, files, working directory and signal handlers. The JVM's pauses don't stop it: no
 * safepoint, no garbage collection. All signals are blocked on it but those that an instruction raises itself (SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS). It goes on when the Java thread that started it ends, and ends when the
 * process does.
 *
 * <p>Any Java thread may wait for it, several at once; each gets the result. Its stack can be read until it is closed.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/clone.2.html">clone(2)</a>
 */
public final class NativeThread implements AutoCloseable {

    private final Callers callers = new Callers();
    private final NativeFunction function;
    private final Lent lent;
    private final Kind kind;
    private final SlotPool pool;
    private final StackLease lease = new StackLease();
    private final Departure departure;
    private final Watch watch = new Watch();

    // Set before anybody else gets to see this object.
    private @Nullable StackBuffer stack;
    private @Nullable ControlBlock block;
    private @Nullable ThreadExit exit;
    int tid;

    /** Who makes a thread, and so what may run on it. */
    public enum Kind {

        /**
         * By {@code clone}: neither libc nor the JVM knows it. It costs least, and nothing stops it; for functions that need
         * only the kernel, see {@link NativeFunction}.
         */
        CLONE,

        /**
         * By {@code pthread_create}, on the same stack: libc keeps its own record of it, at the top of the stack. For
         * functions that need all of libc (malloc, errno, stdio, locale, pthread mutexes) or call Java. In Java it is a
         * daemon thread, which the JVM's pauses stop as they do others, and gets the JVM's own signals. A fault on it is the
         * JVM's: it isn't contained.
         */
        POSIX
    }

    /** How a thread is doing. */
    public enum State {

        /** Its function hasn't returned. */
        RUNNING,

        /** Its function returned, or was ended by a fault; the result and the stack can be read. */
        ENDED,

        /** It has ended, and its memory is given back. */
        CLOSED,

        /** Nobody waits for it any more; it may run, or have ended. */
        DETACHED
    }

    /** For a thread that is about to be made, and has no stack yet: what is taken for it later can't get lost any more. */
    NativeThread(Kind kind, Lent lent, StackPool pool) {
        this.function = lent.function();
        this.lent = lent;
        this.kind = kind;
        this.pool = pool.slots();
        this.departure = new Departure(this, this.pool, lease, lent, callers);
    }

    /** Takes a stack for it, and writes what the thread will find there. */
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

    /** The thread could not be started, or ended before its function began. What was lent stays the caller's. */
    void giveUp() {
        if (exit != null) {
            exit.await(watch); // if it began, it uses that until it ends
        }
        lent.takeBack();
        close();
    }

    /**
     * Starts a thread on a stack of 2 MiB, with a pointer as its argument.
     *
     * @param function what the thread runs
     * @param argument what it is called with; native memory that outlives the thread, or {@link MemorySegment#NULL}
     * @return the running thread
     * @throws IllegalArgumentException when the argument is on the Java heap
     * @throws IllegalStateException when the argument's arena is closed, or the function's library unloaded
     * @throws SyscallException ENOMEM: no room for the stack, or too many mappings (vm.max_map_count); EAGAIN: too many
     *         threads
     */
    public static NativeThread start(NativeFunction function, MemorySegment argument) {
        return builder().start(function, argument);
    }

    /**
     * Starts a thread on a stack of 2 MiB, with a number as its argument.
     *
     * @param function what the thread runs
     * @param argument what it is called with, as {@code (void *)argument}
     * @return the running thread
     * @throws IllegalStateException when the function's library is unloaded
     * @throws SyscallException ENOMEM: no room for the stack, or too many mappings (vm.max_map_count); EAGAIN: too many
     *         threads
     */
    public static NativeThread start(NativeFunction function, long argument) {
        return builder().start(function, argument);
    }

    /**
     * A builder, for threads with other stacks than the usual one.
     *
     * @return a builder with the usual sizes
     */
    public static NativeThreadBuilder builder() {
        return new NativeThreadBuilder();
    }

    /**
     * Its kernel id: what {@code gettid} returns on it, and its name in {@code /proc/self/task}. The kernel gives the
     * number to another thread some time after this one ended.
     *
     * @return the tid
     */
    public int tid() {
        return tid;
    }

    /**
     * Who made it.
     *
     * @return the kernel's clone, or libc
     */
    public Kind kind() {
        return kind;
    }

    /**
     * Its handle, as the seed's C call has it: the address of {@code struct {uint32_t futex, canary;}}. Nothing is mapped
     * there once the thread is closed.
     *
     * @return the address
     */
    public long handle() {
        exit().tellAddress();
        return memory().handle();
    }

    /**
     * Its memory.
     *
     * @return the stack buffer, readable until the thread is closed
     */
    public StackBuffer stack() {
        exit().tellAddress();
        return memory();
    }

    /**
     * How it is doing.
     *
     * @return the state at this moment
     */
    public State state() {
        Callers.Visit visit = new Callers.Visit();
        try {
            if (!callers.enter(visit)) {
                return callers.isDetached() ? State.DETACHED : State.CLOSED;
            }
            return exit().hasCome() ? State.ENDED : State.RUNNING;
        } finally {
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
            departure.leave();
        }
    }

    /**
     * Waits for its end. A virtual thread is parked meanwhile: its carrier is free.
     *
     * @return what its function returned
     * @throws InterruptedException when this Java thread is interrupted before or while it waits; the native thread runs on
     * @throws IllegalStateException when the thread is closed or detached, or waits for itself
     * @throws NativeFaultException when the thread was ended by a fault
     * @throws NativeThreadKilledException when it was killed
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public long join() throws InterruptedException {
        return joinUntil(Long.MAX_VALUE).orElseThrow();
    }

    /**
     * Waits for its end, but not longer than told. A virtual thread is parked meanwhile: its carrier is free.
     *
     * @param timeout how long to wait at the most; zero or less only looks
     * @return what its function returned; empty when the time is over and it still runs
     * @throws InterruptedException when this Java thread is interrupted before or while it waits; the native thread runs on
     * @throws IllegalStateException when the thread is closed or detached, or waits for itself
     * @throws NativeFaultException when the thread was ended by a fault
     * @throws NativeThreadKilledException when it was killed
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong join(Duration timeout) throws InterruptedException {
        long deadlineNanoTime = System.nanoTime() + Math.max(0, TimeUnit.NANOSECONDS.convert(timeout));
        return joinUntil(deadlineNanoTime >= 0 ? deadlineNanoTime : Long.MAX_VALUE); // negative: beyond 292 years
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
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
            departure.leave();
        }
    }

    /**
     * Looks whether it has ended; doesn't wait.
     *
     * @return what its function returned; empty when it still runs
     * @throws IllegalStateException when the thread is closed or detached
     * @throws NativeFaultException when the thread was ended by a fault
     * @throws NativeThreadKilledException when it was killed
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong tryJoin() {
        Callers.Visit visit = new Callers.Visit();
        try {
            enter(visit, "joined");
            return exit().hasCome() ? OptionalLong.of(exit().result()) : OptionalLong.empty();
        } finally {
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
            departure.leave();
        }
    }

    /**
     * Waits until one of several has ended. A virtual thread is parked meanwhile.
     *
     * @param threads the threads, at least one
     * @return one that has ended; its {@link #tryJoin()} has the result
     * @throws InterruptedException when this Java thread is interrupted before or while it waits
     * @throws IllegalArgumentException when there are no threads
     * @throws IllegalStateException when one of them is closed or detached
     */
    public static NativeThread joinAny(Collection<NativeThread> threads) throws InterruptedException {
        if (threads.isEmpty()) {
            throw new IllegalArgumentException("none of 0 threads will ever end");
        }
        List<CompletableFuture<Long>> ends = new ArrayList<>();
        for (NativeThread thread : threads) {
            if (thread.state() == State.ENDED) {
                return thread;
            }
            ends.add(thread.insideEnd());
        }
        try {
            CompletableFuture.anyOf(ends.toArray(CompletableFuture[]::new)).get();
        } catch (ExecutionException failed) {
            // it has ended all the same: tryJoin says how
        }
        return threads.stream().filter(thread -> thread.state() == State.ENDED).findFirst().orElseThrow(
                () -> new IllegalStateException("the thread that ended was closed meanwhile"));
    }

    /**
     * Tells of its end. Completed on a helper thread of linen's, one that runs nothing else
     * meanwhile: what depends on it may take its time.
     *
     * @return a future of what its function returned; fails with a {@link NativeFaultException} when the thread was ended by a
     *         fault or killed, with a {@link SyscallException} when it ended before it called the function
     * @throws IllegalStateException when the thread is closed or detached
     */
    public CompletableFuture<Long> onExit() {
        return insideEnd().thenApplyAsync(result -> result, Aside::run);
    }

    private CompletableFuture<Long> insideEnd() {
        Callers.Visit visit = new Callers.Visit();
        try {
            enter(visit, "waited for");
            return exit().future(watch);
        } finally {
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
            departure.leave();
        }
    }

    /** How the watcher knows this thread. It keeps the NativeThread reachable: somebody waits for its end. */
    private final class Watch implements Watched, Runnable {

        private final Callers.Visit visit = new Callers.Visit();
        private boolean given;

        /**
         * For a caller who is inside. The watcher comes in with the first who wants to be notified.
         *
         * @throws OutOfMemoryError if it can't; then it isn't inside
         */
        @Override
        public void run() {
            try {
                callers.enterAgain(visit);
                given = true; // before, not after: what the watcher knows must stay mapped
                ExitWatcher.watch(this);
            } catch (RuntimeException | Error failed) {
                if (!given) {
                    leave();
                }
                throw failed;
            }
        }

        @Override
        public void refused() {
            given = false;
        }

        private void leave() {
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
        }

        @Override
        public ControlBlock block() {
            return Objects.requireNonNull(block);
        }

        @Override
        public boolean endsWithin(long nanos) {
            return exit().comesWithin(nanos);
        }

        @Override
        public void ended() {
            exit().tell();
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

    /** For callers who are inside. Only a thread that calls Java can come here by itself. */
    private void requireOther(String wanted) {
        if (kind == Kind.POSIX && !exit().hasCome() && Syscall.invoke(SyscallNumber.GETTID) == tid) {
            throw new IllegalStateException(this + " can't be " + wanted + " by a function that it runs: it would wait "
                    + "for itself for ever");
        }
    }

    /**
     * Waits for its end and gives its memory back. Does nothing the second time, and nothing for a detached thread. The result
     * is gone with the memory: join comes first.
     *
     * @throws IllegalStateException when a Java thread is inside a native call with a segment of the stack, or it is the thread
     *         itself that calls; it is still open then
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
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
            departure.leave();
        }
        departure.await();
    }

    /**
     * Ends it, whatever it does: computes, or sleeps in a system call. Doesn't wait for that: {@link #join()} does, and throws
     * {@link NativeThreadKilledException}. Does nothing when it has ended, is closed, or is about to end.
     *
     * <p>What the thread was doing stays half done: memory half written, locks locked, files open. A thread that has blocked
     * SIGTRAP itself isn't ended.
     *
     * @throws UnsupportedOperationException when it is a thread that libc made, which would take libc's locks with it; when
     *         faults aren't contained, because then the signal would end the process
     * @throws IllegalStateException when the thread is detached
     * @throws SyscallException of {@code rt_tgsigqueueinfo}: EPERM, by a seccomp filter
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
                throw new UnsupportedOperationException(
                        this + " can't be killed: libc made it, and its locks (malloc's, "
                                + "stdio's) would stay locked for ever");
            }
            if (!exit().hasCome()) {
                FaultHandler.kill(Objects.requireNonNull(block).slot().control(), tid);
            }
        } finally {
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
            departure.leave();
        }
    }

    /**
     * Lets it run on by itself: nobody will wait for it, and its memory is given back some time after its end. Those who wait
     * already, go on waiting. A thread that is merely forgotten is detached too, when the garbage collector finds that
     * nobody can reach it any more.
     *
     * <p>What it uses must stay alive until it ends, which nobody can tell any more: global arenas, or memory of its own.
     *
     * @throws IllegalStateException when it is detached or closed already, or when a Java thread is inside a native call with
     *         a segment of the stack; it is still open in that case
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
            synchronized (callers) {
                callers.inside -= visit.claims;
                visit.claims = 0;
            }
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
                : "it was closed, and its memory, which held the result, is given back"));
    }

    /**
     * Which thread it is.
     *
     * @return "NativeThread[4711, collatz, RUNNING]"
     */
    @Override
    public String toString() {
        return "NativeThread[" + tid + ", " + function + ", " + state() + "]";
    }
}
