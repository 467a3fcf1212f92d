package dev.linen.internal.helper;

import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.binding.Uncaught;

/**
 * Runs user code that linen calls but doesn't wait for: cleanup actions of arenas, loggers, dependent stages of
 * futures. Each task gets a {@link HelperThread} of its own, so that a task that blocks doesn't delay the others. A
 * thread that has been idle for a second ends.
 *
 * <p>The number of these threads isn't bounded: with a bound, as many tasks that block would keep all others from
 * running, the release of memory included. What bounds it is the process's number of threads; a task for which there is
 * no thread is tried again each second.
 *
 * <p>No java.util.concurrent.ThreadPoolExecutor: its lock stays locked if a StackOverflowError hits a caller in its
 * {@code unlock}. The lock here is a monitor, and under it only lists change.
 */
public final class Aside {

    private static final long IDLE_MILLIS = TimeUnit.SECONDS.toMillis(1);

    private static final Object LOCK = new Object();

    // Guarded by LOCK.
    private static @Nullable Task first;
    private static int waiting;
    private static int idle;
    private static int starting;

    private Aside() {}

    /** A task. Once it exists, it is run, even if there is no heap and no thread for a while. */
    public abstract static class Task extends HelperThread.Retried {

        // Guarded by LOCK.
        private @Nullable Task next;
        private boolean passed;

        /**
         * Does the work. If it throws an OutOfMemoryError, it is called again later. Everything else is passed to the
         * default handler of uncaught exceptions, a StackOverflowError, too: the stack was empty before, so the same
         * would happen again.
         */
        protected abstract void work();

        @Override
        final void tryAgain() {
            Aside.run(this);
        }
    }

    /** Initializes the classes that a task needs, if that hasn't been done. */
    public static void initialize() {
        HelperThread.unstarted("linen-helper", new Worker());
    }

    /**
     * Runs a task soon. If there is no heap or no thread for it, it is tried again each second.
     *
     * @throws StackOverflowError before anything has been done
     */
    public static void run(Task task) {
        StackRoom.require();
        boolean starts;
        synchronized (LOCK) {
            if (task.passed) {
                return;
            }
            task.passed = true;
            task.next = first;
            first = task;
            waiting++;
            starts = waiting > idle + starting;
            if (starts) {
                starting++;
            } else {
                LOCK.notify();
            }
        }
        if (starts) {
            start(task);
        }
    }

    private static void start(Task task) {
        boolean started = false;
        try {
            HelperThread.unstarted("linen-helper", new Worker()).start();
            started = true;
        } catch (OutOfMemoryError noThread) {
            // tried again later
        } finally {
            if (!started) {
                takeBack(task);
            }
        }
    }

    private static void takeBack(Task task) {
        boolean found;
        synchronized (LOCK) {
            starting--;
            found = unlink(task);
        }
        if (found) {
            later(task);
        }
    }

    /** Returns false if a worker has taken it meanwhile. */
    private static boolean unlink(Task task) {
        Task previous = null;
        for (Task each = first; each != null; each = each.next) {
            if (each.equals(task)) {
                if (previous == null) {
                    first = task.next;
                } else {
                    previous.next = task.next;
                }
                taken(task);
                return true;
            }
            previous = each;
        }
        return false;
    }

    private static void taken(Task task) {
        task.next = null;
        task.passed = false;
        waiting--;
    }

    private static void later(Task task) {
        HelperThread.later(task);
        Reclaimer.ensureRunning();
    }

    /** A helper thread. Not a lambda, because creating its class could fail when it is needed. */
    private static final class Worker implements Runnable {

        @Override
        public void run() {
            synchronized (LOCK) {
                starting--;
            }
            for (Task task = take(); task != null; task = take()) {
                run(task);
            }
        }

        private static void run(Task task) {
            try {
                task.work();
            } catch (OutOfMemoryError full) {
                later(task);
            } catch (Throwable ofTheUser) {
                Uncaught.by(ofTheUser);
            }
        }

        /** Waits for a task. Returns null if there has been none for a second. */
        private static @Nullable Task take() {
            long endNanoTime = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(IDLE_MILLIS);
            synchronized (LOCK) {
                while (first == null) {
                    if (System.nanoTime() - endNanoTime >= 0) {
                        return null;
                    }
                    idle++;
                    try {
                        LOCK.wait(IDLE_MILLIS);
                    } catch (InterruptedException | OutOfMemoryError byATask) {
                        // a task may have interrupted this thread
                    } finally {
                        idle--;
                    }
                }
                Task task = first;
                first = task.next;
                taken(task);
                return task;
            }
        }
    }
}
