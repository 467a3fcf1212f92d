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

import org.jspecify.annotations.Nullable;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit_list;
import dev.linen.process.Affinity;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * One Java thread that learns of the end of any number of native threads.
 *
 * <p>A watched thread puts itself on a list when its function has returned, and rings: so a wait for ten thousand threads
 * costs one thread, and each end one wake. Not futex_waitv on their futex dwords, which takes 128 at the most and needs Linux
 * 5.16. A thread that ends without a word (its function issued the exit call itself) is found within a second.
 *
 * <p>Threads that libc made are watched from their start, whether somebody asks or not: see {@link PosixThread}.
 *
 * <p>The list holds addresses of control blocks, and an address is another thread's once the stack is used again. So nobody's
 * stack is given back before its address is off the list: first it is seen that a thread has ended, then the list is read, then
 * it is said. And here nothing is remembered by its address for longer than that.
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
    private static final Map<Long, PosixThread> POSIX = new ConcurrentHashMap<>();

    /** Those that won't ring for who watches them now: they have looked before, or ring for us anyway. */
    private static final Queue<NativeThread> LATE = new ConcurrentLinkedQueue<>();

    // The watcher's own: those that have rung, and end in a moment.
    private static final Set<NativeThread> ENDING = new LinkedHashSet<>();
    private static final Set<PosixThread> LEAVING = new LinkedHashSet<>();

    private static @Nullable Thread watcher;

    private ExitWatcher() {}

    /** Where a thread's control block says that it shall report. */
    static long listAddress() {
        return LIST.address();
    }

    /**
     * Will call {@link NativeThread#tellExit()} and {@link NativeThread#watchEnds()} on the watcher's thread. The caller keeps
     * the thread's memory until then.
     *
     * @throws OutOfMemoryError when the watcher's thread can't be made; nothing has changed then
     */
    static void watch(NativeThread thread, StackSlot slot) {
        begin();
        WATCHED.put(slot.control().address(), thread);
        if (!Futex.ofPrivate(slot.watchWord()).compareAndSet(LinenH.LINEN_UNWATCHED, LinenH.LINEN_WATCHED)) {
            addLate(thread);
        }
        ring(); // it may be late, and the watcher in a wait without end
    }

    private static void addLate(NativeThread thread) {
        try {
            LATE.add(thread);
        } catch (OutOfMemoryError full) {
            // a sweep finds it
        }
    }

    /**
     * Will see a thread off that is about to be created.
     *
     * @throws OutOfMemoryError when the watcher's thread can't be made; nothing has changed then
     */
    static void watch(PosixThread thread) {
        begin();
        thread.slot().prepareWatch();
        POSIX.put(thread.slot().control().address(), thread);
        ring();
    }

    /** It wasn't created, after all. */
    static void forget(PosixThread thread) {
        POSIX.remove(thread.slot().control().address(), thread);
    }

    /** Not in a static initializer: if there is no room for a thread now, there may be some later. */
    private static synchronized void begin() {
        if (watcher == null) {
            Thread thread = Thread.ofPlatform().daemon().name("linen-exit-watcher")
                    .inheritInheritableThreadLocals(false)
                    .unstarted(ExitWatcher::run);
            thread.setContextClassLoader(null);
            thread.start();
            watcher = thread;
        }
    }

    private static void ring() {
        int rung;
        do {
            rung = BELL.value();
        } while (!BELL.compareAndSet(rung, rung + 1));
        BELL.wake(1);
    }

    /** Whatever happens (the heap may be full for a while): others want to be told, too. What is lost is found in a sweep. */
    private static void run() {
        leaveTheCreatorsCpus();
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
                if (WATCHED.isEmpty() && POSIX.isEmpty()) {
                    BELL.await(rung); // with nobody to watch, no sweep is needed either; a new one rings
                } else {
                    BELL.awaitUntil(rung, nextSweep);
                }
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

    /** The first user's, who may be pinned to one. */
    private static void leaveTheCreatorsCpus() {
        try {
            int mainThread = (int) Syscall.invoke(SyscallNumber.GETPID);
            Affinity.set(/* the calling thread */ 0, Affinity.get(mainThread));
        } catch (SyscallException | OutOfMemoryError mayNot) {
            // it stays there, then
        }
    }

    private static void look(boolean everywhere) {
        // It is seen that they have ended before the list is read: what they have put there is there then.
        List<PosixThread> left = everywhere ? POSIX.values().stream().filter(PosixThread::hasLeft).toList() : List.of();
        List<NativeThread> ended = everywhere
                ? WATCHED.values().stream().filter(NativeThread::hasEnded).toList()
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
        for (NativeThread thread = LATE.poll(); thread != null; thread = LATE.poll()) {
            // One of libc's still running rings for us anyway, and whoever watches it by then is told.
            if (isWatched(thread) && (thread.kind() == NativeThread.Kind.CLONE || thread.hasEnded())) {
                ENDING.add(thread);
            }
        }
    }

    private static void readList() {
        long control = (long) FIRST.getAndSet(LIST, linen_exit_list.first$offset(), 0L);
        while (control != 0) {
            PosixThread posix = POSIX.get(control);
            NativeThread thread = WATCHED.get(control);
            if (posix != null) {
                LEAVING.add(posix);
            } else if (thread != null) {
                ENDING.add(thread);
            }
            control = linen_control.next(MemorySegment.ofAddress(control).reinterpret(linen_control.sizeof()));
        }
    }

    /** Its memory is kept; of others, nothing may be read. */
    private static boolean isWatched(NativeThread thread) {
        return WATCHED.get(thread.stack().slot().control().address()) == thread;
    }

    private static boolean isKnown(PosixThread thread) {
        return POSIX.get(thread.slot().control().address()) == thread;
    }

    private static void seeOff(PosixThread thread) {
        if (isKnown(thread)) {
            long control = thread.slot().control().address();
            NativeThread watching = WATCHED.get(control); // before: after it, that may be the next thread on the stack
            thread.restoreStack();
            POSIX.remove(control);
            thread.sayEnded();
            if (watching != null) {
                tell(watching);
            }
        }
    }

    private static void tell(NativeThread thread) {
        if (isWatched(thread)) {
            thread.tellExit();
            WATCHED.remove(thread.stack().slot().control().address());
            thread.watchEnds();
        }
    }
}
