package dev.linen.internal.helper;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.Uncaught;

/**
 * Runs user code that linen calls but doesn't wait for: cleanup actions of arenas, loggers, dependent stages of
 * futures. Each task gets a {@link HelperThread} of its own, so that a task that blocks doesn't delay the others. A
 * thread that has been idle for a second ends.
 */
public final class Aside {

    private static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS,
            new SynchronousQueue<>(), task -> HelperThread.unstarted("linen-helper", task));

    private static final Object LOCK = new Object();

    /** Tasks to be tried again, a list by {@link Task#next}. Guarded by LOCK. */
    private static @Nullable Task later;

    private Aside() {}

    /** A task. Once it exists, it is run, even if there is no heap and no thread for a while. */
    public abstract static class Task implements Runnable {

        // Guarded by LOCK.
        private @Nullable Task next;
        private boolean listed;

        /**
         * Does the work. If it throws an OutOfMemoryError or a StackOverflowError, it is called again later; other
         * exceptions are passed to the default handler of uncaught ones.
         */
        protected abstract void work();

        @Override
        public final void run() {
            try {
                work();
            } catch (VirtualMachineError full) {
                later(this);
            } catch (Throwable ofTheUser) {
                Uncaught.by(ofTheUser);
            }
        }
    }

    /** Initializes this class, if that hasn't been done. */
    public static void initialize() {
        // by being called
    }

    /** Runs a task soon. If there is no heap or no thread for it, it is tried again each second. */
    public static void run(Task task) {
        try {
            THREADS.execute(task);
        } catch (OutOfMemoryError noThread) {
            later(task);
        }
    }

    private static void later(Task task) {
        synchronized (LOCK) {
            if (!task.listed) { // execute can fail although it has passed the task to a thread
                task.listed = true;
                task.next = later;
                later = task;
            }
        }
    }

    /**
     * Tries the tasks again for which there was no heap or no thread. linen's threads call this regularly. It must not
     * need a class that isn't loaded yet, because the class loader of an application that has ended can't load any.
     *
     * @return false if tasks remain
     */
    public static boolean retry() {
        Task task;
        synchronized (LOCK) {
            task = later;
            later = null;
        }
        while (task != null) {
            Task next;
            synchronized (LOCK) {
                next = task.next;
                task.next = null;
                task.listed = false;
            }
            run(task);
            task = next;
        }
        synchronized (LOCK) {
            return later == null;
        }
    }
}
