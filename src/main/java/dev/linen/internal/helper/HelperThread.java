package dev.linen.internal.helper;

import dev.linen.process.Affinity;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A thread of linen's own: a daemon, which inherits nothing from the thread that happens to start it. It is a platform thread,
 * because virtual threads make no progress while all carriers are blocked in native calls.
 */
public final class HelperThread {

    private HelperThread() {}

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
