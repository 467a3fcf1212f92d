package dev.linen.internal.helper;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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

    /** Tasks for which no thread could be made. */
    private static final Queue<Runnable> PENDING = new ConcurrentLinkedQueue<>();

    private Aside() {}

    /** Runs a task soon: at the latest when there is room for a thread again, see {@link #retry}. */
    public static void run(Runnable task) {
        if (!tryRun(task)) {
            PENDING.add(task);
        }
    }

    /** Tries once more to run those tasks for which no thread could be made; false if there are still any. */
    public static boolean retry() {
        for (Runnable task = PENDING.peek(); task != null; task = PENDING.peek()) {
            if (!tryRun(task)) {
                return false;
            }
            PENDING.remove();
        }
        return true;
    }

    private static boolean tryRun(Runnable task) {
        try {
            THREADS.execute(() -> {
                try {
                    task.run();
                } catch (Throwable ofTheUser) {
                    Uncaught.by(ofTheUser);
                }
            });
            return true;
        } catch (OutOfMemoryError noThread) {
            return false;
        }
    }
}
