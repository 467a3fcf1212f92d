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
import dev.linen.internal.helper.HelperThread;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit_list;

/**
 * Learns of the end of any number of native threads, on one {@link HelperThread}, which ends when there are none to watch.
 *
 * <p>A watched thread puts itself on a list when its function has returned, and wakes the watcher: so a wait for ten thousand
 * threads costs one thread, and each end one wake. Not futex_waitv on their futex dwords, which takes 128 at most and needs Linux
 * 5.16. A thread that ends without an announcement (its function issued the exit call itself) is found within a second.
 *
 * <p>Threads that libc made are watched from their start, whether anybody waits or not: see {@link PosixThread}.
 *
 * <p>The list holds addresses of control blocks, and the next thread on a stack has the same address. Therefore no stack is given
 * back before its address is off the list: the watcher first sees that a thread has ended, then reads the list, then reports the
 * end. It remembers nothing by address for longer than that.
 */
final class ExitWatcher {

    private static final VarHandle FIRST = JAVA_LONG.varHandle();
    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LEAST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long MOST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /**
     * struct linen_exit_list, never freed: threads that nobody waits for any more have its address.
     */
    private static final MemorySegment LIST = Arena.global().allocate(linen_exit_list.layout());

    private static final Futex BELL = Futex.ofPrivate(
            LIST.asSlice(linen_exit_list.rung$offset(), linen_exit_list.rung$layout()));

    /** By the addresses of their control blocks. */
    private static final Map<Long, Watched> WATCHED = new ConcurrentHashMap<>();
    private static final Map<Long, PosixThread> POSIX = new ConcurrentHashMap<>();

    /** Threads that won't announce their end to this watch: they have done so before, or announce it anyway. */
    private static final Queue<Watched> LATE = new ConcurrentLinkedQueue<>();

    // The watcher's own: threads that have announced their end, and end in a moment.
    private static final Set<Watched> ENDING = new LinkedHashSet<>();
    private static final Set<PosixThread> LEAVING = new LinkedHashSet<>();

    /** Guarded by WATCHED, as is the decision to end. */
    private static boolean running;

    private ExitWatcher() {}

    /**
     * Initializes the classes that a wait needs, on a thread with enough stack: after a StackOverflowError in its static
     * initializer, a class could never be used.
     */
    static void initialize() {
        BELL.awaitUntil(BELL.value() + 1, System.nanoTime());
    }

    /** Where a thread's control block says that the end is to be announced. */
    static long listAddress() {
        return LIST.address();
    }

    /**
     * Will call {@link Watched#ended()} on the watcher's thread. The caller keeps the native thread's memory until then.
     *
     * @throws OutOfMemoryError if the watcher's thread can't be made. The thread isn't watched then if {@link Watched#refused()}
     *         has been called; otherwise it is, or may be
     */
    static void watch(Watched thread) {
        Long control = thread.block().address();
        Futex word = Futex.ofPrivate(thread.block().watchWord());
        try {
            WATCHED.put(control, thread);
            begin();
        } catch (RuntimeException | Error failed) {
            WATCHED.remove(control); // if that fails, too, a sweep finds the end of the thread
            thread.refused();
            throw failed;
        }
        try {
            if (!word.compareAndSet(LinenH.LINEN_UNWATCHED, LinenH.LINEN_WATCHED)) {
                LATE.add(thread);
                ring();
            }
        } catch (RuntimeException | Error failed) {
            // a sweep finds it
        }
    }

    /**
     * Will see a thread off that is about to be created.
     *
     * @throws OutOfMemoryError if the watcher's thread can't be made; nothing is watched then
     */
    static void watch(PosixThread thread) {
        thread.block().prepareWatch();
        POSIX.put(thread.block().address(), thread);
        try {
            begin();
        } catch (RuntimeException | Error failed) {
            forget(thread);
            throw failed;
        }
        ring();
    }

    /** It wasn't created, after all. */
    static void forget(PosixThread thread) {
        POSIX.remove(thread.block().address(), thread);
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

    /** Whether there is nothing to watch; the watcher ends then. */
    private static boolean ends() {
        synchronized (WATCHED) {
            running = !WATCHED.isEmpty() || !POSIX.isEmpty();
            return !running;
        }
    }

    private static void ring() {
        int rung;
        do {
            rung = BELL.value();
        } while (!BELL.compareAndSet(rung, rung + 1));
        BELL.wake(1);
    }

    /** Whatever happens (the heap may be full for a while), others wait. What is lost is found in a sweep. */
    private static void run() {
        long nextSweep = System.nanoTime() + SWEEP_NANOS;
        long pauseNanos = LEAST_PAUSE_NANOS;
        while (true) {
            try {
                int rung = BELL.value();
                boolean sweeps = System.nanoTime() - nextSweep >= 0;
                look(sweeps);
                nextSweep = sweeps ? System.nanoTime() + SWEEP_NANOS : nextSweep;
                if (!ENDING.isEmpty() || !LEAVING.isEmpty()) {
                    BELL.awaitUntil(rung, System.nanoTime() + pauseNanos);
                    pauseNanos = Math.min(2 * pauseNanos, MOST_PAUSE_NANOS);
                    continue;
                }
                pauseNanos = LEAST_PAUSE_NANOS;
                if (sweeps && HelperThread.retry() && ends()) {
                    return;
                }
                BELL.awaitUntil(rung, nextSweep);
            } catch (Throwable again) {
                pause();
            }
        }
    }

    private static void pause() {
        try {
            LockSupport.parkNanos(MOST_PAUSE_NANOS);
        } catch (Throwable stillFull) {
            // even that may want some heap, the first time
        }
    }

    private static void look(boolean everywhere) {
        // It is seen that they have ended before the list is read: what they have put there is there then.
        List<PosixThread> left = everywhere ? POSIX.values().stream().filter(PosixThread::hasLeft).toList() : List.of();
        List<Watched> ended = everywhere
                ? WATCHED.values().stream().filter(thread -> thread.block().hasEnded()).toList()
                : List.of();
        takeLate();
        readList();
        left.forEach(ExitWatcher::seeOff);
        ended.forEach(ExitWatcher::tell);
        LEAVING.stream().filter(ExitWatcher::isKnown).filter(PosixThread::hasLeft).forEach(ExitWatcher::seeOff);
        LEAVING.removeIf(thread -> !isKnown(thread));
        ENDING.stream().filter(ExitWatcher::isWatched).filter(thread -> thread.endsWithin(LEAST_PAUSE_NANOS))
                .forEach(ExitWatcher::tell);
        ENDING.removeIf(thread -> !isWatched(thread));
    }

    private static void takeLate() {
        for (Watched thread = LATE.poll(); thread != null; thread = LATE.poll()) {
            // One of libc's that still runs wakes the watcher anyway, and whoever watches it by then is told.
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
                LEAVING.add(posix);
            } else if (thread != null) {
                ENDING.add(thread);
            }
            control = linen_control.next(MemorySegment.ofAddress(control).reinterpret(linen_control.sizeof()));
        }
    }

    /** Its memory is kept; of others, nothing may be read. */
    private static boolean isWatched(Watched thread) {
        return thread.equals(WATCHED.get(thread.block().address()));
    }

    private static boolean isKnown(PosixThread thread) {
        return POSIX.get(thread.block().address()) == thread;
    }

    private static void seeOff(PosixThread thread) {
        if (isKnown(thread)) {
            long control = thread.block().address();
            Watched watching = WATCHED.get(control); // before: after it, that may be the next thread on the stack
            thread.restoreStack();
            POSIX.remove(control);
            thread.sayEnded();
            if (watching != null) {
                tell(watching);
            }
        }
    }

    private static void tell(Watched thread) {
        long control = thread.block().address();
        if (isWatched(thread)) {
            thread.ended(); // from here on, its memory may be another thread's, and so may its address
            WATCHED.remove(control, thread);
        }
    }
}
