package dev.linen.internal.helper;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import dev.linen.internal.binding.Uncaught;

/**
 * Runs user code that linen calls but doesn't wait for: cleanup actions of arenas, loggers, dependent stages of
 * futures. Each task gets a {@link HelperThread} of its own, so that a task that blocks doesn't delay the others. A
 * thread that has been idle for a second ends.
 */
public final class Aside {

    private static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS,
            new SynchronousQueue<>(), task -> HelperThread.unstarted("linen-helper", task));

    private Aside() {}

    /** Initializes this class, if that hasn't been done. */
    public static void initialize() {
        // by being called
    }

    /**
     * Runs a task soon. If no thread can be created, it is tried again, at the latest a second after that is possible.
     */
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
