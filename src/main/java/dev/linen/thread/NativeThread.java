package dev.linen.thread;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;

import dev.linen.futex.Futex;
import dev.linen.syscall.SyscallException;

/**
 * A thread that the JVM doesn't know: native code on memory that Java mapped, started by {@code clone}.
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

    /** Gives back the memory of threads that nobody can reach any more. */
    private static final Cleaner CLEANER = Cleaner.create();

    /** How long a wait goes on without a look at the word. */
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long an interrupt may go unnoticed. */
    private static final long UNINTERRUPTIBLE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final StateWord state = new StateWord();
    private final NativeFunction function;
    private final StackBuffer stack;
    private final Futex futex;
    private final Cleaner.Cleanable memory;
    private int tid;

    /** Made when somebody wants to be told of the end. */
    private @Nullable CompletableFuture<Long> end;

    /**
     * What is given back, once: when the thread is closed or detached and nobody is inside any more, or when the
     * NativeThread can't be reached any more. Knows nothing of the NativeThread, which would keep that reachable.
     */
    private record Memory(StackBuffer stack, Lent lent) implements Runnable {

        @Override
        public void run() {
            stack.endViews();
            StackPool.SHARED.give(stack.slot(), lent);
        }
    }

    /** How a thread is doing. */
    public enum State {

        /** Its function hasn't returned. */
        RUNNING,

        /** Its function returned; the result and the stack can be read. */
        ENDED,

        /** It has ended, and its memory is given back. */
        CLOSED,

        /** Nobody waits for it any more; it may run, or have ended. */
        DETACHED
    }

    /** For a thread that is about to be cloned. */
    NativeThread(NativeFunction function, Lent lent, StackSlot slot) {
        this.function = function;
        this.stack = new StackBuffer(slot);
        // Not private: the kernel's wake at the end of a thread is a shared one.
        this.futex = Futex.ofShared(slot.futexWord());
        this.memory = CLEANER.register(this, new Memory(stack, lent));
    }

    /** The thread runs; called before anybody else sees this object. */
    void started(int newTid) {
        tid = newTid;
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
     * Its handle, as the seed's C call has it: the address of {@code struct {uint32_t futex, canary;}}. Nothing is mapped
     * there once the thread is closed.
     *
     * @return the address
     */
    public long handle() {
        return stack.handle();
    }

    /**
     * Its memory.
     *
     * @return the stack buffer, readable until the thread is closed
     */
    public StackBuffer stack() {
        return stack;
    }

    /**
     * How it is doing.
     *
     * @return the state at this moment
     */
    public State state() {
        if (!state.enter()) {
            return state.isDetached() ? State.DETACHED : State.CLOSED;
        }
        try {
            return hasEnded() ? State.ENDED : State.RUNNING;
        } finally {
            leave();
        }
    }

    /**
     * Waits for its end. A virtual thread is parked meanwhile: its carrier is free.
     *
     * @return what its function returned
     * @throws InterruptedException when this Java thread is interrupted before or while it waits; the native thread runs on
     * @throws IllegalStateException when the thread is closed or detached
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
     * @throws IllegalStateException when the thread is closed or detached
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong join(Duration timeout) throws InterruptedException {
        long deadlineNanoTime = System.nanoTime() + Math.max(0, TimeUnit.NANOSECONDS.convert(timeout));
        return joinUntil(deadlineNanoTime >= 0 ? deadlineNanoTime : Long.MAX_VALUE); // negative: beyond 292 years
    }

    private OptionalLong joinUntil(long deadlineNanoTime) throws InterruptedException {
        enter();
        try {
            return awaitEndOrInterrupt(deadlineNanoTime) ? OptionalLong.of(result()) : OptionalLong.empty();
        } finally {
            leave();
        }
    }

    /**
     * Looks whether it has ended; doesn't wait.
     *
     * @return what its function returned; empty when it still runs
     * @throws IllegalStateException when the thread is closed or detached
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong tryJoin() {
        enter();
        try {
            return hasEnded() ? OptionalLong.of(result()) : OptionalLong.empty();
        } finally {
            leave();
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
     * Tells of its end. Completed on a virtual thread of its own, so what depends on it may take its time.
     *
     * @return a future of what its function returned; fails with a {@link SyscallException} when the thread ended before it
     *         called the function
     * @throws IllegalStateException when the thread is closed or detached
     */
    public CompletableFuture<Long> onExit() {
        return insideEnd().thenApplyAsync(result -> result, Thread::startVirtualThread);
    }

    private CompletableFuture<Long> insideEnd() {
        enter("waited for");
        try {
            return end();
        } finally {
            leave();
        }
    }

    /** For a caller who is inside. The watcher comes in with the first, and leaves when the thread has ended. */
    private synchronized CompletableFuture<Long> end() {
        CompletableFuture<Long> future = end;
        if (future == null) {
            future = new CompletableFuture<>();
            ExitWatcher.watch(this, stack.slot());
            state.enterAgain(); // ended() calls back here, and so comes later
            end = future;
        }
        return future;
    }

    /** Called once by the watcher: the thread has ended or is about to. */
    void ended() {
        CompletableFuture<Long> future = end();
        try {
            awaitEndUntil(Long.MAX_VALUE);
            future.complete(result());
        } catch (SyscallException failed) {
            future.completeExceptionally(failed);
        } finally {
            leave();
        }
    }

    /** For callers who are inside. */
    boolean hasEnded() {
        return futex.value() == 0;
    }

    /**
     * By the futex first, which is quick but can't be interrupted; after a moment, or on a virtual thread at once, parked
     * until the watcher calls.
     */
    private boolean awaitEndOrInterrupt(long deadlineNanoTime) throws InterruptedException {
        if (hasEnded()) {
            return true;
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (!Thread.currentThread().isVirtual()
                && awaitEndUntil(Math.min(deadlineNanoTime, System.nanoTime() + UNINTERRUPTIBLE_NANOS))) {
            return true;
        }
        long nanosLeft = deadlineNanoTime - System.nanoTime();
        if (nanosLeft <= 0) {
            return hasEnded();
        }
        try {
            end().get(nanosLeft, TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            // result() will say so
        } catch (TimeoutException over) {
            return hasEnded();
        }
        return true;
    }

    private void awaitEnd() {
        if (Thread.currentThread().isVirtual() && !hasEnded()) {
            end().exceptionally(failed -> 0L).join();
        } else {
            awaitEndUntil(Long.MAX_VALUE);
        }
    }

    /**
     * The kernel wakes one of those who wait, and that one wakes the others. The one may be a native function that waits on
     * the handle and knows nothing of that duty; so nobody here sleeps for longer than a second without looking.
     */
    private boolean awaitEndUntil(long deadlineNanoTime) {
        boolean waited = false;
        for (int running = futex.value(); running != 0; running = futex.value()) {
            long now = System.nanoTime();
            if (now >= deadlineNanoTime) {
                return false;
            }
            futex.awaitUntil(running, deadlineNanoTime - now > LOOK_NANOS ? now + LOOK_NANOS : deadlineNanoTime);
            waited = true;
        }
        if (waited) {
            futex.wakeAll();
        }
        return true;
    }

    private long result() {
        if (stack.slot().failure() != 0) {
            throw ThreadSetup.signalStackFailure(stack.slot()); // another call's failure comes out of start
        }
        return stack.slot().result();
    }

    /**
     * Waits for its end and gives its memory back. Does nothing the second time, and nothing for a detached thread. The result
     * is gone with the memory: join comes first.
     *
     * @throws IllegalStateException when a Java thread is inside a native call with a segment of the stack; the thread is
     *         still open then
     */
    @Override
    public void close() {
        if (state.enter()) {
            try {
                awaitEnd();
                stack.endViews();
                state.close();
            } finally {
                leave();
            }
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
        enter("detached");
        try {
            stack.endViews();
            if (!state.detach()) {
                throw refused("detached");
            }
        } finally {
            leave();
        }
    }

    private void enter() {
        enter("joined");
    }

    private void enter(String wanted) {
        if (!state.enter()) {
            throw refused(wanted);
        }
    }

    private IllegalStateException refused(String wanted) {
        return new IllegalStateException(this + " can't be " + wanted + " any more: " + (state.isDetached()
                ? "it was detached"
                : "it was closed, and its memory, which held the result, is given back"));
    }

    private void leave() {
        if (state.leave()) {
            memory.clean();
        }
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
