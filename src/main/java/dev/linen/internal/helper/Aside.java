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

    /** A task. Once it exists, it is run, even if there is no heap and no thread for a while. */
    public abstract static class Task extends HelperThread.Retried implements Runnable {

        /**
         * Does the work. If it throws an OutOfMemoryError or a StackOverflowError, it is called again later; other
         * exceptions are passed to the default handler of uncaught ones.
         */
        protected abstract void work();

        @Override
        final void tryAgain() {
            Aside.run(this);
        }

        @Override
        public final void run() {
            try {
                work();
            } catch (VirtualMachineError full) {
                HelperThread.later(this);
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
            HelperThread.later(task);
        }
    }
}
