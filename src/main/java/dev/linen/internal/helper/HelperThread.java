package dev.linen.internal.helper;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import dev.linen.process.Affinity;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Creates linen's own Java threads: daemons that inherit nothing from the threads that start them. They are platform
 * threads, because virtual threads make no progress while all carriers are blocked in native calls.
 */
public final class HelperThread {

    /** Tasks that failed because no thread could be created. */
    private static final Queue<Runnable> LATER = new ConcurrentLinkedQueue<>();

    private HelperThread() {}

    /** Arranges another try for a task that failed because no thread could be created. */
    static void later(Runnable task) {
        LATER.add(task);
    }

    /**
     * Tries these tasks again. linen's threads call this regularly. It must not need a class that isn't loaded yet,
     * because the class loader of an application that has ended can't load any.
     *
     * @return false if tasks remain
     */
    public static boolean retry() {
        for (int many = LATER.size(); many > 0; many--) {
            Runnable task = LATER.poll();
            if (task != null) {
                try {
                    task.run(); // it may add itself again
                } catch (RuntimeException | Error full) {
                    LATER.add(task);
                }
            }
        }
        return LATER.isEmpty();
    }

    /** Creates a thread that isn't started yet. */
    public static Thread unstarted(String name, Runnable task) {
        Thread thread = Thread.ofPlatform().daemon().name(name).inheritInheritableThreadLocals(false)
                .unstarted(new OnAllCpus(task));
        // not the class loader of an application, which may end earlier
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
        return thread;
    }

    /** Not a lambda, because creating its class would delay the first start. */
    private record OnAllCpus(Runnable task) implements Runnable {

        @Override
        public void run() {
            resetAffinity();
            task.run();
        }
    }

    /** Resets the CPU affinity, which a thread inherits from its creator, to that of the process's main thread. */
    private static void resetAffinity() {
        try {
            int mainThread = (int) Syscall.invoke(SyscallNumber.GETPID);
            Affinity.set(/* the calling thread */ 0, Affinity.get(mainThread));
        } catch (SyscallException | OutOfMemoryError refused) {
            // the affinity remains that of the creator
        }
    }
}
