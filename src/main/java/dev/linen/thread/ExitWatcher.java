package dev.linen.thread;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import dev.linen.futex.Futex;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.helper.HelperThread;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit_list;

/**
 * Notifies callers of the end of any number of native threads. It runs on one {@link HelperThread}, which ends when no
 * thread is watched.
 *
 * <p>When its function has returned, a watched thread adds itself to a list and wakes the watcher. So waiting for ten
 * thousand threads takes one Java thread, and one wake for each end. The watcher doesn't use futex_waitv on the
 * threads' futex dwords, because that takes at most 128 of them and needs Linux 5.16. A thread that ends without an
 * announcement (its function made the exit call itself) is found within a second, by a sweep over all watched threads.
 *
 * <p>Threads that libc created are watched from their start, even if no caller waits for them: see {@link PosixThread}.
 *
 * <p>The list contains addresses of control blocks, and the next thread on a stack has the same address. Therefore a
 * stack is not returned to its pool before its address is off the list: the watcher first sees that a thread has ended,
 * then reads the list, then reports the end. It keeps no address for longer than that.
 */
final class ExitWatcher {

    private static final VarHandle FIRST = JAVA_LONG.varHandle();
    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LEAST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long MOST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** struct linen_exit_list. Never freed, because threads that are no longer watched still have its address. */
    private static final MemorySegment LIST = Arena.global().allocate(linen_exit_list.layout());

    private static final Futex WAKE_WORD = Futex.ofPrivate(
            LIST.asSlice(linen_exit_list.rung$offset(), linen_exit_list.rung$layout()));

    /** The keys are the addresses of the control blocks. */
    private static final Map<Long, Watched> WATCHED = new ConcurrentHashMap<>();
    private static final Map<Long, PosixThread> POSIX = new ConcurrentHashMap<>();

    /**
     * Threads that won't announce their end for this registration: they have already announced it, or announce it
     * anyway.
     */
    private static final Queue<Watched> UNANNOUNCED = new ConcurrentLinkedQueue<>();

    // Used by the watcher only: threads that have announced their end, and end in a moment.
    private static final Set<Watched> ENDING = new LinkedHashSet<>();
    private static final Set<PosixThread> ENDING_POSIX = new LinkedHashSet<>();

    /** Guarded by WATCHED, and so is the decision to end. */
    private static boolean running;

    private ExitWatcher() {}

    /**
     * Initializes the classes that a wait needs, on a thread with enough stack: a class whose static initializer throws
     * a StackOverflowError can never be used again.
     */
    static void initialize() {
        WAKE_WORD.awaitUntil(WAKE_WORD.value() + 1, System.nanoTime());
    }

    /** Returns the address of the list, for the threads' control blocks. */
    static long listAddress() {
        return LIST.address();
    }

    /**
     * Registers a thread: {@link Watched#ended()} will be called on the watcher's thread. Until then, the caller keeps
     * the native thread's memory mapped.
     *
     * @throws OutOfMemoryError if the watcher's thread can't be created, or the heap is full. Whether the thread is
     *         registered nevertheless, the last {@link Watched#mayBeWatched} says
     */
    static void watch(Watched thread) {
        Long control = thread.block().address();
        Futex word = Futex.ofPrivate(thread.block().watchWord());
        StackRoom.require(); // for put and remove
        boolean registered = false;
        thread.mayBeWatched(true);
        try {
            WATCHED.put(control, thread);
            begin();
            registered = true;
        } finally {
            if (!registered) {
                WATCHED.remove(control, thread);
                thread.mayBeWatched(false);
            }
        }
        try {
            if (!word.compareAndSet(LinenH.LINEN_UNWATCHED, LinenH.LINEN_WATCHED)) {
                UNANNOUNCED.add(thread);
                wake();
            }
        } catch (RuntimeException | Error failed) {
            // a sweep finds the thread's end
        }
    }

    /**
     * Registers a thread that libc is about to create.
     *
     * @throws OutOfMemoryError if the watcher's thread can't be created; the thread isn't registered then
     */
    static void watch(PosixThread thread) {
        thread.block().prepareWatch();
        Long control = thread.block().address();
        StackRoom.require(); // for put and remove
        boolean registered = false;
        try {
            POSIX.put(control, thread);
            begin();
            wake();
            registered = true;
        } finally {
            if (!registered) {
                POSIX.remove(control, thread);
            }
        }
    }

    /** For a thread that couldn't be created. */
    static void forget(PosixThread thread) {
        POSIX.remove(thread.block().address(), thread);
    }

    /** For the reclaimer, each second: a watcher that couldn't be created may be needed by others, too. */
    static void ensureRunning() {
        if (WATCHED.keySet().iterator().hasNext() || POSIX.keySet().iterator().hasNext()) {
            begin();
        }
    }

    private static void begin() {
        synchronized (WATCHED) {
            if (running) {
                return;
            }
            running = true;
        }
        boolean started = false;
        try {
            HelperThread.unstarted("linen-watcher", ExitWatcher::run).start();
            started = true;
        } finally {
            if (!started) {
                synchronized (WATCHED) {
                    running = false;
                }
            }
        }
    }

    /** Returns whether no thread is watched; the watcher then ends. */
    private static boolean ends() {
        synchronized (WATCHED) {
            // Not isEmpty(): the map's count is wrong after an OutOfMemoryError in put.
            running = WATCHED.keySet().iterator().hasNext() || POSIX.keySet().iterator().hasNext();
            return !running;
        }
    }

    private static void wake() {
        int wakes;
        do {
            wakes = WAKE_WORD.value();
        } while (!WAKE_WORD.compareAndSet(wakes, wakes + 1));
        WAKE_WORD.wake(1);
    }

    /**
     * The watcher must survive any error, such as a full heap, because callers wait for it. What an error loses is
     * found in a sweep.
     */
    private static void run() {
        long nextSweep = System.nanoTime() + SWEEP_NANOS;
        long pauseNanos = LEAST_PAUSE_NANOS;
        while (true) {
            try {
                int wakes = WAKE_WORD.value();
                boolean sweeps = System.nanoTime() - nextSweep >= 0;
                check(sweeps);
                nextSweep = sweeps ? System.nanoTime() + SWEEP_NANOS : nextSweep;
                if (!ENDING.isEmpty() || !ENDING_POSIX.isEmpty()) {
                    WAKE_WORD.awaitUntil(wakes, System.nanoTime() + pauseNanos);
                    pauseNanos = Math.min(2 * pauseNanos, MOST_PAUSE_NANOS);
                    continue;
                }
                pauseNanos = LEAST_PAUSE_NANOS;
                if (sweeps && HelperThread.retry() && ends()) {
                    return;
                }
                WAKE_WORD.awaitUntil(wakes, nextSweep);
            } catch (Throwable again) {
                pause();
            }
        }
    }

    private static void pause() {
        try {
            LockSupport.parkNanos(MOST_PAUSE_NANOS);
        } catch (Throwable stillFull) {
            // the first call may need some heap, too
        }
    }

    private static void check(boolean everywhere) {
        // The ended threads are collected before the list is read: their addresses are then on the list already, and
        // are removed from it.
        List<PosixThread> released = everywhere
                ? POSIX.values().stream().filter(PosixThread::hasReleasedStack).toList()
                : List.of();
        List<Watched> ended = everywhere
                ? WATCHED.values().stream().filter(thread -> thread.block().hasEnded()).toList()
                : List.of();
        takeUnannounced();
        readList();
        released.forEach(ExitWatcher::finish);
        ended.forEach(ExitWatcher::report);
        ENDING_POSIX.stream().filter(ExitWatcher::isWatched).filter(PosixThread::hasReleasedStack)
                .forEach(ExitWatcher::finish);
        ENDING_POSIX.removeIf(thread -> !isWatched(thread));
        ENDING.stream().filter(ExitWatcher::isWatched).filter(thread -> thread.endsWithin(LEAST_PAUSE_NANOS))
                .forEach(ExitWatcher::report);
        ENDING.removeIf(thread -> !isWatched(thread));
    }

    private static void takeUnannounced() {
        for (Watched thread = UNANNOUNCED.poll(); thread != null; thread = UNANNOUNCED.poll()) {
            // A POSIX thread that still runs will announce its end, and every registration is notified then.
            if (isWatched(thread) && (!thread.block().isPosix() || thread.block().hasEnded())) {
                ENDING.add(thread);
            }
        }
    }

    private static void readList() {
        long control = (long) FIRST.getAndSet(LIST, linen_exit_list.first$offset(), 0L);
        while (control != 0) {
            PosixThread posix = POSIX.get(control);
            Watched thread = WATCHED.get(control);
            if (posix != null) {
                ENDING_POSIX.add(posix);
            } else if (thread != null) {
                ENDING.add(thread);
            }
            control = linen_control.next(MemorySegment.ofAddress(control).reinterpret(linen_control.sizeof()));
        }
    }

    /** Returns whether a thread is registered, so that its memory is mapped and may be read. */
    private static boolean isWatched(Watched thread) {
        return thread.equals(WATCHED.get(thread.block().address()));
    }

    private static boolean isWatched(PosixThread thread) {
        return POSIX.get(thread.block().address()) == thread;
    }

    private static void finish(PosixThread thread) {
        if (isWatched(thread)) {
            Long control = thread.block().address(); // boxed before: afterwards nothing may fail
            Watched watching = WATCHED.get(control); // read first: signalEnd may pass the stack to another thread
            thread.restoreStack();
            thread.signalEnd();
            POSIX.remove(control, thread);
            if (watching != null) {
                report(watching);
            }
        }
    }

    private static void report(Watched thread) {
        Long control = thread.block().address(); // boxed before: afterwards nothing may fail
        if (isWatched(thread)) {
            thread.ended(); // afterwards the memory, and so the address, may be another thread's
            WATCHED.remove(control, thread);
        }
    }
}
