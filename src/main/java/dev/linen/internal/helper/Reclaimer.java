package dev.linen.internal.helper;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * Finds objects that are no longer reachable although work remains to be done for them. It is like
 * java.lang.ref.Cleaner, but runs on a {@link HelperThread} that ends when there is nothing to watch, and tries again
 * what has failed.
 */
public final class Reclaimer {

    /** The interval at which the thread tries again what has failed, and checks whether it can end. */
    private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The first check initializes classes, but not while the JVM's first native thread may still be starting. */
    private static final long FIRST_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final ReferenceQueue<Object> FORGOTTEN = new ReferenceQueue<>();
    private static final Object LOCK = new Object();

    /**
     * Its neighbors are the first and the last task. Guarded by LOCK. The tasks are linked, so that they stay
     * reachable, and so that adding and removing one allocates nothing; in a ring, because a branch that is first taken
     * when a second task is there would deoptimize the code that starts threads.
     */
    private static final Task RING = new Ring();

    private static boolean running; // guarded by LOCK

    private static volatile boolean startFailed;
    private static volatile boolean someFailed;
    private static volatile @Nullable Runnable check;

    private Reclaimer() {}

    /** Work that must be done when an owner isn't reachable any more, unless it has been done before. */
    public abstract static class Task extends PhantomReference<Object> {

        // Guarded by LOCK. The task itself if it isn't listed.
        private Task previous = this;
        private Task next = this;
        private boolean listed;

        private volatile boolean failed;

        protected Task(Object owner) {
            super(owner, FORGOTTEN);
        }

        /** Begins to watch the owner. To be called when the object is complete. */
        protected final void register() {
            add(this);
        }

        /** Called on the reclaimer's thread. If it throws, it is called again later. */
        protected abstract void reclaim();

        /** To be called when no work remains. */
        protected final void done() {
            remove(this);
            clear();
        }

        /** Arranges another call of {@link #reclaim}, even if the owner is still reachable. */
        protected final void tryAgain() {
            failed = true;
            someFailed = true;
            ensureRunning();
        }
    }

    /** The ring of tasks. */
    private static final class Ring extends Task {

        Ring() {
            super(LOCK); // which is always reachable
        }

        @Override
        protected void reclaim() {
            // never called
        }
    }

    /** Has something checked once a second, as long as there are tasks. It must run no user's code. */
    public static void everySecond(Runnable newCheck) {
        check = newCheck;
    }

    private static void add(Task task) {
        synchronized (LOCK) {
            task.next = RING.next;
            task.previous = RING;
            task.next.previous = task;
            RING.next = task;
            task.listed = true;
        }
        ensureRunning();
    }

    /** Starts the thread if it doesn't run although it should: there may have been no thread for it. */
    public static void ensureStarted() {
        if (startFailed) {
            ensureRunning();
        }
    }

    static void ensureRunning() {
        boolean starts;
        synchronized (LOCK) {
            starts = !running;
            running = true;
        }
        if (starts) {
            start();
        }
    }

    private static void start() {
        boolean started = false;
        startFailed = true; // unless this comes to its end
        try {
            HelperThread.unstarted("linen-reclaimer", new Work()).start();
            started = true;
            startFailed = false;
        } catch (OutOfMemoryError noThread) {
            // tried again when the next task is added, or a caller comes by
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
            task.previous.next = task.next;
            task.next.previous = task.previous;
            task.previous = task;
            task.next = task;
            task.listed = false;
        }
    }

    /** Not a lambda, because creating its class would delay the first start. */
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
        runCheck();
        if (someFailed) {
            tryAgain();
        }
        return HelperThread.retry() && !someFailed;
    }

    /**
     * A failure must not keep this thread from ending: if the first check comes when the application has ended, its
     * class loader can't load the classes for it any more.
     */
    private static void runCheck() {
        try {
            Runnable wanted = check;
            if (wanted != null) {
                wanted.run();
            }
        } catch (Throwable again) {
            // in a second
        }
    }

    private static void reclaim(Task task) {
        task.failed = false;
        try {
            task.reclaim();
        } catch (Throwable again) {
            task.tryAgain();
        }
    }

    /** Runs the tasks that have failed again. A failure of one doesn't affect the others. */
    private static void tryAgain() {
        someFailed = false;
        for (Task task = nextFailed(RING); task != RING; task = nextFailed(task)) {
            reclaim(task);
        }
    }

    /** Searches behind a task, or from the beginning if that has been removed. Returns the ring if there is none. */
    private static Task nextFailed(Task previous) {
        synchronized (LOCK) {
            Task task = previous.listed || previous instanceof Ring ? previous.next : RING.next;
            while (task != RING && !task.failed) {
                task = task.next;
            }
            return task;
        }
    }

    private static boolean ends() {
        synchronized (LOCK) {
            running = !(RING.next instanceof Ring);
            return !running;
        }
    }
}
