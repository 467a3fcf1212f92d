package dev.linen.internal.helper;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * Finds what has been forgotten: objects that are not reachable any more, although something is left to be done for them. What
 * java.lang.ref.Cleaner does, but on a {@link HelperThread} that ends when there is nothing to find, and with a second try for
 * what has failed.
 */
public final class Reclaimer {

    /** How long the thread stays without anything to do, and after how long it tries again what has failed. */
    private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The first check initializes classes, but not while the JVM's first native thread may still be starting. */
    private static final long FIRST_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final ReferenceQueue<Object> FORGOTTEN = new ReferenceQueue<>();
    private static final Object LOCK = new Object();

    // Guarded by LOCK. The tasks are a list, so that they stay reachable, and so that neither addition nor removal allocates.
    private static @Nullable Task first;
    private static boolean running;

    private static volatile boolean someFailed;
    private static volatile @Nullable Runnable check;

    private Reclaimer() {}

    /** Something to be done when its owner isn't reachable any more, unless it has been done before. */
    public abstract static class Task extends PhantomReference<Object> {

        // Guarded by LOCK.
        private @Nullable Task previous;
        private @Nullable Task next;
        private boolean listed;

        private volatile boolean failed;

        protected Task(Object owner) {
            super(owner, FORGOTTEN);
            add(this);
        }

        /** Called on the reclaimer's thread. It may throw, and is called again then. */
        protected abstract void reclaim();

        /** There is nothing left to be done. */
        protected final void done() {
            remove(this);
            clear();
        }

        /** Has {@link #reclaim} called soon, whether the owner is reachable or not. */
        protected final void tryAgain() {
            failed = true;
            someFailed = true;
        }
    }

    /** Has something checked once a second, as long as there are tasks. It must run no user's code. */
    public static void everySecond(Runnable newCheck) {
        check = newCheck;
    }

    private static void add(Task task) {
        boolean starts;
        synchronized (LOCK) {
            task.next = first;
            if (first != null) {
                first.previous = task;
            }
            first = task;
            task.listed = true;
            starts = !running;
            running = true;
        }
        if (starts) {
            start();
        }
    }

    private static void start() {
        boolean started = false;
        try {
            HelperThread.unstarted("linen-reclaimer", new Work()).start();
            started = true;
        } catch (OutOfMemoryError noThread) {
            // the next addition tries again
        } finally {
            if (!started) {
                synchronized (LOCK) {
                    running = false;
                }
            }
        }
    }

    private static void remove(Task task) {
        synchronized (LOCK) {
            if (!task.listed) {
                return;
            }
            task.listed = false;
            if (task.previous == null) {
                first = task.next;
            } else {
                task.previous.next = task.next;
            }
            if (task.next != null) {
                task.next.previous = task.previous;
            }
            task.previous = null;
            task.next = null;
        }
    }

    /** No lambda: the JVM's first native thread would wait for its class. */
    private static final class Work implements Runnable {

        @Override
        public void run() {
            long nextCheckNanoTime = System.nanoTime() + FIRST_CHECK_NANOS;
            while (true) {
                try {
                    long millis = (nextCheckNanoTime - System.nanoTime()) / NANOS_PER_MILLI;
                    if (FORGOTTEN.remove(Math.max(1, millis)) instanceof Task task) {
                        reclaim(task);
                    }
                    if (System.nanoTime() - nextCheckNanoTime >= 0) {
                        nextCheckNanoTime = System.nanoTime() + CHECK_NANOS;
                        if (checkAll() && ends()) {
                            return;
                        }
                    }
                } catch (Throwable again) { // the heap may be full for a while
                    pause();
                }
            }
        }
    }

    private static void pause() {
        try {
            LockSupport.parkNanos(PAUSE_NANOS);
        } catch (Throwable stillFull) {
            // even that may need heap, the first time
        }
    }

    /** Once a second. False if something is left to be tried again. */
    private static boolean checkAll() {
        Runnable wanted = check;
        if (wanted != null) {
            wanted.run();
        }
        if (someFailed) {
            tryAgain();
        }
        return HelperThread.retry() && !someFailed;
    }

    private static void reclaim(Task task) {
        task.failed = false;
        try {
            task.reclaim();
        } catch (Throwable again) {
            task.tryAgain();
        }
    }

    /** All that have failed, once. One that fails again is no reason to leave the others. */
    private static void tryAgain() {
        someFailed = false;
        for (Task task = nextFailed(null); task != null; task = nextFailed(task)) {
            reclaim(task);
        }
    }

    private static @Nullable Task nextFailed(@Nullable Task previous) {
        synchronized (LOCK) {
            Task task = previous == null || !previous.listed ? first : previous.next;
            while (task != null && !task.failed) {
                task = task.next;
            }
            return task;
        }
    }

    private static boolean ends() {
        synchronized (LOCK) {
            running = first != null;
            return !running;
        }
    }
}
