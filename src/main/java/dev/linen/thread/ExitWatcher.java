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

import dev.linen.futex.Futex;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit_list;

/**
 * One Java thread that learns of the end of any number of native threads.
 *
 * <p>A watched thread puts itself on a list when its function has returned, and rings: so a wait for ten thousand threads
 * costs one thread, and each end one wake. Not futex_waitv on their futex dwords, which takes 128 at the most and needs Linux
 * 5.16. A thread that ends without a word (its function issued the exit call itself) is found within a second.
 *
 * <p>Threads that libc made are watched from their start, whether somebody asks or not: see {@link PosixThreads}.
 */
final class ExitWatcher {

    private static final VarHandle FIRST = JAVA_LONG.varHandle();
    private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LEAST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long MOST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** struct linen_exit_list, for the life of the process: threads that nobody waits for any more have its address. */
    private static final MemorySegment LIST = Arena.global().allocate(linen_exit_list.layout());

    private static final Futex BELL = Futex.ofPrivate(
            LIST.asSlice(linen_exit_list.rung$offset(), linen_exit_list.rung$layout()));

    /** By the addresses of their control blocks. */
    private static final Map<Long, NativeThread> WATCHED = new ConcurrentHashMap<>();

    /** Control blocks of those that were past the point where they look whether they are watched. */
    private static final Queue<Long> ENDING = new ConcurrentLinkedQueue<>();

    /** Control blocks of those that have rung and that libc hasn't let go of yet: the watcher's own. */
    private static final Set<Long> DEPARTING = new LinkedHashSet<>();

    private ExitWatcher() {}

    private static final class Watcher {
        static final Thread THREAD = Thread.ofPlatform().daemon().name("linen-exit-watcher")
                .unstarted(ExitWatcher::run);

        static {
            THREAD.start();
        }
    }

    /** Where a thread's control block says that it shall report. */
    static long listAddress() {
        return LIST.address();
    }

    /**
     * Will call {@link NativeThread#ended()} once, on the watcher's thread. The caller keeps the thread's memory until
     * then.
     */
    static void watch(NativeThread thread, StackSlot slot) {
        boolean first = isIdle();
        WATCHED.put(slot.control().address(), thread);
        watch(slot, first);
    }

    /** Has {@link PosixThreads} see the slot's thread off. */
    static void watch(StackSlot slot) {
        watch(slot, /* maybe the */ true);
    }

    private static void watch(StackSlot slot, boolean first) {
        if (!Futex.ofPrivate(slot.watchWord()).compareAndSet(LinenH.LINEN_UNWATCHED(), LinenH.LINEN_WATCHED())) {
            ENDING.add(slot.control().address());
            ring();
        } else if (first) {
            ring(); // the watcher may be in a wait without end
        }
        Watcher.THREAD.isAlive(); // starts it, the first time
    }

    private static boolean isIdle() {
        return WATCHED.isEmpty() && PosixThreads.isEmpty();
    }

    private static void ring() {
        int rung;
        do {
            rung = BELL.value();
        } while (!BELL.compareAndSet(rung, rung + 1));
        BELL.wake(1);
    }

    private static void run() {
        long nextSweep = System.nanoTime() + SWEEP_NANOS;
        long pauseNanos = LEAST_PAUSE_NANOS;
        while (true) {
            int rung = BELL.value();
            drain();
            DEPARTING.removeIf(ExitWatcher::hasFinished);
            pauseNanos = DEPARTING.isEmpty() ? LEAST_PAUSE_NANOS : Math.min(2 * pauseNanos, MOST_PAUSE_NANOS);
            if (!DEPARTING.isEmpty()) {
                BELL.awaitUntil(rung, System.nanoTime() + pauseNanos);
            } else if (isIdle()) {
                BELL.await(rung); // with nobody to watch, no sweep is needed either; a new one rings
            } else {
                BELL.awaitUntil(rung, nextSweep);
            }
            if (System.nanoTime() - nextSweep >= 0) {
                sweep();
                nextSweep = System.nanoTime() + SWEEP_NANOS;
            }
        }
    }

    /** Those on the list first: who has ended has put itself there before, and its memory is read on the way. */
    private static void sweep() {
        List<Long> posix = PosixThreads.ended();
        List<NativeThread> ended = WATCHED.values().stream().filter(NativeThread::hasEnded).toList();
        drain();
        DEPARTING.addAll(posix);
        DEPARTING.removeIf(ExitWatcher::hasFinished);
        ended.forEach(ExitWatcher::finish);
    }

    private static void drain() {
        long control = (long) FIRST.getAndSet(LIST, linen_exit_list.first$offset(), 0L);
        while (control != 0) {
            // Read before the thread is told off: after that, its memory may be another's.
            long next = linen_control.next(MemorySegment.ofAddress(control).reinterpret(linen_control.sizeof()));
            DEPARTING.add(control);
            control = next;
        }
        for (Long ending = ENDING.poll(); ending != null; ending = ENDING.poll()) {
            DEPARTING.add(ending);
        }
    }

    /** Tells those who asked, once nobody but us uses the thread's stack. */
    private static boolean hasFinished(long control) {
        if (!PosixThreads.seeOff(control)) {
            return false;
        }
        NativeThread thread = WATCHED.get(control);
        if (thread != null && thread.isEnding()) { // or it is the next one on that stack
            finish(thread);
        }
        return true;
    }

    private static void finish(NativeThread thread) {
        if (WATCHED.remove(thread.stack().slot().control().address(), thread)) {
            try {
                thread.ended();
            } catch (RuntimeException | Error failed) { // of giving memory back; the others still want to be told
                Thread self = Thread.currentThread();
                self.getUncaughtExceptionHandler().uncaughtException(self, failed);
            }
        }
    }
}
