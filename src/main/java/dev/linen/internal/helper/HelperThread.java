package dev.linen.internal.helper;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * Creates linen's own Java threads: daemons that inherit nothing from the threads that start them. They are platform
 * threads, because virtual threads make no progress while all carriers are blocked in native calls.
 */
public final class HelperThread {

    /** The masks of 8192 CPUs and more. The raw calls, because CpuSet would delay the JVM's first native thread. */
    private static final long MOST_MASK_BYTES = 8192;

    private static final Object LOCK = new Object();

    /** Tasks to be tried again, a list by {@link Retried#next}. Guarded by LOCK. */
    private static @Nullable Retried later;

    private HelperThread() {}

    /** A task that exists before it is needed, so that putting it aside needs no heap. */
    abstract static class Retried {

        // Guarded by LOCK.
        private @Nullable Retried next;
        private boolean listed;

        /** Passes the task to a thread, or puts it aside again. */
        abstract void tryAgain();
    }

    /** Arranges another try for a task that failed because there was no heap or no thread. */
    static void later(Retried task) {
        synchronized (LOCK) {
            if (!task.listed) {
                task.listed = true;
                task.next = later;
                later = task;
            }
        }
    }

    /**
     * Tries these tasks again. linen's threads call this regularly. It must not need a class that isn't loaded yet,
     * because the class loader of an application that has ended can't load any.
     *
     * @return false if there were any
     */
    public static boolean retry() {
        Retried task;
        synchronized (LOCK) {
            task = later;
            later = null;
        }
        if (task == null) {
            return true;
        }
        while (task != null) {
            Retried next;
            synchronized (LOCK) {
                next = task.next;
                task.next = null;
                task.listed = false;
            }
            try {
                task.tryAgain();
            } catch (RuntimeException | Error again) {
                later(task);
            }
            task = next;
        }
        return false;
    }

    /** Creates a thread that isn't started yet. */
    public static Thread unstarted(String name, Runnable task) {
        Thread thread = Thread.ofPlatform().group(topGroup()).daemon().name(name).inheritInheritableThreadLocals(false)
                .unstarted(new OnAllCpus(task));
        // not the class loader of an application, which may end earlier
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
        return thread;
    }

    /** Returns the group of the JVM's own threads, not that of the creator, which may be an application's. */
    private static ThreadGroup topGroup() {
        ThreadGroup top = Thread.currentThread().getThreadGroup();
        for (ThreadGroup parent = top.getParent(); parent != null; parent = top.getParent()) {
            top = parent;
        }
        return top;
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
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MOST_MASK_BYTES, Long.BYTES);
            long mainThread = Syscall.invoke(SyscallNumber.GETPID);
            long bytes = Syscall.invoke(SyscallNumber.SCHED_GETAFFINITY, mainThread, mask.byteSize(), mask.address());
            if (!Syscall.isError(bytes)) { // otherwise the affinity remains that of the creator
                Syscall.invoke(SyscallNumber.SCHED_SETAFFINITY, /* the calling thread */ 0, bytes, mask.address());
            }
        } catch (RuntimeException | Error full) { // the thread must begin whatever happens
            // the affinity remains that of the creator
        }
    }
}
