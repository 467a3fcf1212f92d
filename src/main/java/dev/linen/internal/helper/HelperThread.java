package dev.linen.internal.helper;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import dev.linen.process.Affinity;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A thread of linen's own: a daemon, which inherits nothing from the thread that happens to start it. It is a platform thread,
 * because virtual threads make no progress while all carriers are blocked in native calls.
 */
public final class HelperThread {

    /** What could not be done because there was no room for a thread. */
    private static final Queue<Runnable> LATER = new ConcurrentLinkedQueue<>();

    private HelperThread() {}

    /** Has something tried again that could not be done because there was no room for a thread. */
    static void later(Runnable task) {
        LATER.add(task);
    }

    /**
     * Tries it. Linen's threads call this now and then, which must need no class that isn't loaded yet: the class loader of
     * an application that has ended can't load any.
     *
     * @return false if there is something left
     */
    public static boolean retry() {
        for (int many = LATER.size(); many > 0; many--) {
            Runnable task = LATER.poll();
            if (task != null) {
                task.run(); // which may put itself there again
            }
        }
        return LATER.isEmpty();
    }

    /** A thread that isn't started yet. */
    public static Thread unstarted(String name, Runnable task) {
        Thread thread = Thread.ofPlatform().daemon().name(name).inheritInheritableThreadLocals(false)
                .unstarted(new OnAllCpus(task));
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader()); // not that of an application that ends earlier
        return thread;
    }

    /** No lambda: the JVM's first native thread would wait for its class. */
    private record OnAllCpus(Runnable task) implements Runnable {

        @Override
        public void run() {
            leaveTheStartersCpus();
            task.run();
        }
    }

    /** The starter may be pinned, and threads inherit that. The process's own CPUs are those of its main thread. */
    private static void leaveTheStartersCpus() {
        try {
            int mainThread = (int) Syscall.invoke(SyscallNumber.GETPID);
            Affinity.set(/* the calling thread */ 0, Affinity.get(mainThread));
        } catch (SyscallException | OutOfMemoryError refused) {
            // then it stays there
        }
    }
}
