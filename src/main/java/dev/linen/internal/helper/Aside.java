package dev.linen.internal.helper;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import dev.linen.internal.binding.Uncaught;

/**
 * Runs users' code that linen calls and doesn't wait for: clean-up actions of arenas, loggers, what depends on a future. Each task
 * has a {@link HelperThread} for itself, so that one that blocks keeps no other from running. A thread that has been idle for a
 * second ends.
 */
public final class Aside {

    private static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS,
            new SynchronousQueue<>(), task -> HelperThread.unstarted("linen-helper", task));

    private Aside() {}

    /** Initializes this class, if that hasn't been done. */
    public static void initialize() {
        // by being called
    }

    /** Runs a task soon: at the latest a second after there is room for a thread again. */
    public static void run(Runnable task) {
        try {
            THREADS.execute(() -> {
                try {
                    task.run();
                } catch (Throwable ofTheUser) {
                    Uncaught.by(ofTheUser);
                }
            });
        } catch (OutOfMemoryError noThread) {
            HelperThread.later(() -> run(task));
        }
    }
}
