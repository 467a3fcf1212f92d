package dev.linen.thread;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

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

    /*
     * The state word tells who may touch the buffer. The thread's own end is not in it: that is the futex dword.
     *
     *     n            open, n >= 0 callers are inside
     *     CLOSED + n   closed, n callers are still inside
     *
     *     enter   n -> n + 1                 refused when closed
     *     leave   n -> n - 1                 CLOSED + 1 -> CLOSED: the last one unmaps
     *     close   n -> CLOSED + n            only after the thread's end; 0 -> CLOSED: close itself unmaps
     */
    private static final int CLOSED = Integer.MIN_VALUE;

    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What a thread uses stays reachable while it may run, even when the user has dropped it. */
    private static final Set<NativeThread> OPEN = ConcurrentHashMap.newKeySet();

    private final AtomicInteger state = new AtomicInteger();
    private final NativeFunction function;

    @SuppressWarnings("unused") // only to be kept reachable
    private final MemorySegment argument;

    private final StackBuffer stack;
    private final Futex futex;
    private int tid;

    /** How a thread is doing. */
    public enum State {

        /** Its function hasn't returned. */
        RUNNING,

        /** Its function returned; the result and the stack can be read. */
        ENDED,

        /** It has ended, and its stack is unmapped. */
        CLOSED
    }

    /** For a thread that is about to be cloned. */
    NativeThread(NativeFunction function, MemorySegment argument, StackBuffer stack) {
        this.function = function;
        this.argument = argument;
        this.stack = stack;
        // Not private: the kernel's wake at the end of a thread is a shared one.
        this.futex = Futex.ofShared(stack.rawFutexWord());
    }

    /** The thread runs; called before anybody else sees this object. */
    void started(int newTid) {
        tid = newTid;
        OPEN.add(this);
    }

    /**
     * Starts a thread on a stack of 2 MiB, with a pointer as its argument.
     *
     * @param function what the thread runs
     * @param argument what it is called with; native memory that outlives the thread, or {@link MemorySegment#NULL}
     * @return the running thread
     * @throws IllegalArgumentException when the argument is on the Java heap
     * @throws IllegalStateException when the argument's arena is closed, or the function's library unloaded
     * @throws SyscallException ENOMEM: no room for the stack; EAGAIN: too many threads
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
     * @throws SyscallException ENOMEM: no room for the stack; EAGAIN: too many threads
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
        if (!tryEnter()) {
            return State.CLOSED;
        }
        try {
            return futex.value() == 0 ? State.ENDED : State.RUNNING;
        } finally {
            leave();
        }
    }

    /**
     * Waits for its end. Blocks the carrier of a virtual thread, and can't be interrupted.
     *
     * @return what its function returned
     * @throws IllegalStateException when the thread is closed
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public long join() {
        enter();
        try {
            awaitEnd();
            return result();
        } finally {
            leave();
        }
    }

    /**
     * Waits for its end, but not longer than told. Blocks the carrier of a virtual thread, and can't be interrupted.
     *
     * @param timeout how long to wait at the most; zero or less only looks
     * @return what its function returned; empty when the time is over and it still runs
     * @throws IllegalStateException when the thread is closed
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong join(Duration timeout) {
        long deadlineNanoTime = System.nanoTime() + Math.max(0, TimeUnit.NANOSECONDS.convert(timeout));
        return joinUntil(deadlineNanoTime >= 0 ? deadlineNanoTime : Long.MAX_VALUE); // negative: beyond 292 years
    }

    private OptionalLong joinUntil(long deadlineNanoTime) {
        enter();
        try {
            return awaitEndUntil(deadlineNanoTime) ? OptionalLong.of(result()) : OptionalLong.empty();
        } finally {
            leave();
        }
    }

    /**
     * Looks whether it has ended; doesn't wait.
     *
     * @return what its function returned; empty when it still runs
     * @throws IllegalStateException when the thread is closed
     * @throws SyscallException of {@code sigaltstack}: the thread ended before it called the function
     */
    public OptionalLong tryJoin() {
        enter();
        try {
            return futex.value() == 0 ? OptionalLong.of(result()) : OptionalLong.empty();
        } finally {
            leave();
        }
    }

    private void awaitEnd() {
        awaitEndUntil(Long.MAX_VALUE);
    }

    /**
     * The kernel wakes one of those who wait, and that one wakes the others. The one may be a native function that waits on
     * the handle and knows nothing of that duty; so nobody here sleeps for longer than a second without looking.
     *
     * @return whether it has ended
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
        long failure = stack.rawFailure();
        if (failure != 0) {
            throw new SyscallException("sigaltstack", failure, "the signal stack", "NULL");
        }
        return stack.rawResult();
    }

    /**
     * Waits for its end and unmaps its stack. Does nothing the second time. The result is gone with the stack: join
     * comes first.
     *
     * @throws IllegalStateException when a Java thread is inside a native call with a segment of the stack; the thread is
     *         still open then
     */
    @Override
    public void close() {
        if (tryEnter()) {
            try {
                awaitEnd();
                stack.endViews();
                state.updateAndGet(callers -> callers | CLOSED);
            } finally {
                leave();
            }
        }
    }

    private void enter() {
        if (!tryEnter()) {
            throw new IllegalStateException(this + " can't be joined any more: its stack, which held the result, is "
                    + "unmapped");
        }
    }

    private boolean tryEnter() {
        for (int callers = state.get(); callers >= 0; callers = state.get()) {
            if (state.compareAndSet(callers, callers + 1)) {
                return true;
            }
        }
        return false;
    }

    private void leave() {
        if (state.decrementAndGet() == CLOSED) {
            unmap();
        }
    }

    private void unmap() {
        OPEN.remove(this);
        stack.unmap();
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
