package dev.linen.inject;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

import dev.linen.futex.Futex;
import dev.linen.inject.ThreadDump.Entry;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.helper.HelperThread;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_pending;

/**
 * Takes the Java stacks of threads that the supervisor holds. A held thread is inside a system call, so its stack stays
 * as it is. The work is done by a Java thread, which exists while a rule wants stacks.
 *
 * <p>If it can't work, because all Java threads are stopped until the held one goes on, the supervisor lets that go on
 * after a second, without a stack.
 */
final class JavaStacks {

    private static final String CARRIER = "jdk.internal.misc.CarrierThread";

    private static final long RETRY_NANOS = 1_000_000;

    private static final Object LOCK = new Object();

    private static @Nullable JavaStacks instance; // guarded by LOCK

    private final Supervisor supervisor;
    private final Map<Long, List<StackTraceElement>> byToken = new ConcurrentHashMap<>();
    private final Map<Integer, WeakReference<Thread>> threads = new ConcurrentHashMap<>();
    private volatile @Nullable StackFile file;
    private volatile int users; // written under this
    private volatile @Nullable Thread collector;

    private JavaStacks(Supervisor supervisor) {
        this.supervisor = supervisor;
    }

    static JavaStacks of(Supervisor supervisor) {
        synchronized (LOCK) {
            if (instance == null) {
                instance = new JavaStacks(supervisor);
            }
            return instance;
        }
    }

    /** Returns a stack that was taken; empty if none was. */
    List<StackTraceElement> of(long token) {
        List<StackTraceElement> stack = token == 0 ? null : byToken.get(token);
        return stack == null ? List.of() : stack;
    }

    /** From now on stacks are in a file. They are also in memory while there is another user than that of the file. */
    void keepIn(StackFile newFile) {
        file = newFile;
    }

    private void keep(long token, List<StackTraceElement> stack) {
        StackFile kept = file;
        if (kept != null) {
            kept.add(token, stack);
        }
        if (kept == null || users > 1) {
            byToken.put(token, stack);
        }
    }

    /** To be called before a rule wants stacks. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // under this
    synchronized void begin() {
        StackRoom.require();
        users++;
        if (users == 1) {
            boolean ready = false;
            try {
                CountDownLatch learned = new CountDownLatch(1);
                Thread thread = HelperThread.unstarted("linen-stacks", () -> collect(learned));
                collector = thread;
                thread.start();
                awaitUninterruptibly(learned);
                ready = true;
            } finally {
                if (!ready) {
                    end();
                }
            }
        }
    }

    /** To be called when it doesn't any more, and has read its stacks. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // under this
    synchronized void end() {
        if (--users == 0) {
            collector = null;
            byToken.clear();
            Futex held = supervisor.held();
            held.set(held.value() + 1); // races with the supervisor's increment, which is followed by a wake as well
            held.wakeAll();
        }
    }

    /** The first thread dump loads many classes: not while a thread is held. */
    private static void awaitUninterruptibly(CountDownLatch ready) {
        boolean interrupted = false;
        while (ready.getCount() > 0) {
            try {
                ready.await();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void collect(CountDownLatch learned) {
        try {
            learn();
        } catch (RuntimeException | Error full) {
            // it is tried again for the first thread that isn't known
        } finally {
            learned.countDown();
        }
        while (Thread.currentThread() == collector) {
            try {
                takeStacks();
            } catch (RuntimeException | Error full) {
                LockSupport.parkNanos(RETRY_NANOS); // without this thread, callers would be held until their deadline
            }
        }
    }

    private void takeStacks() {
        Futex held = supervisor.held();
        int seen = held.value();
        for (int i = 0; i < LinenH.LINEN_PENDINGS; i++) {
            long state = supervisor.pendingState(i);
            if (state % 4 == LinenH.LINEN_PENDING_HELD) {
                long token = state / 4;
                try {
                    keep(token, stackOf(linen_pending.tid(supervisor.pending(i))));
                } catch (RuntimeException | Error full) {
                    // without a stack, then
                } finally {
                    supervisor.seen(i, token);
                }
            }
        }
        held.await(seen);
    }

    private List<StackTraceElement> stackOf(int tid) {
        Thread thread = known(tid);
        if (thread == null) {
            learn();
            thread = known(tid);
        }
        if (thread == null || thread == Thread.currentThread()) {
            supervisor.addStranger(tid);
            return List.of();
        }
        supervisor.removeStranger(tid);
        if (thread.getClass().getName().equals(CARRIER)) {
            Entry entry = ThreadDump.take().threads().get(tid);
            if (entry != null && !entry.mounted().isEmpty()) {
                return entry.mounted();
            }
        }
        return List.of(thread.getStackTrace());
    }

    private @Nullable Thread known(int tid) {
        WeakReference<Thread> reference = threads.get(tid);
        Thread thread = reference == null ? null : reference.get();
        return thread == null || !thread.isAlive() ? null : thread;
    }

    /** Finds out which tid belongs to which Java thread. */
    private void learn() {
        Map<Long, Thread> byId = new HashMap<>();
        for (Thread thread : all()) {
            if (thread != null) {
                byId.put(thread.threadId(), thread);
            }
        }
        ThreadDump.take().threads().forEach((tid, entry) -> {
            Thread thread = byId.get(entry.id());
            if (thread != null) {
                threads.put(tid, new WeakReference<>(thread));
                supervisor.removeStranger(tid); // the kernel gives tids again
            } else {
                supervisor.addStranger(tid); // a collector's thread, say, which may stop all of Java's
            }
        });
    }

    /** Returns the platform threads, in an array that may have nulls at its end. */
    private static @Nullable Thread[] all() {
        ThreadGroup top = Thread.currentThread().getThreadGroup();
        for (ThreadGroup parent = top.getParent(); parent != null; parent = top.getParent()) {
            top = parent;
        }
        Thread[] some;
        int count;
        do {
            some = new Thread[top.activeCount() * 2 + 16];
            count = top.enumerate(some, /* recurse */ true);
        } while (count == some.length);
        return some;
    }
}
