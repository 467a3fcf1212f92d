package dev.linen.internal.helper;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * Creates linen's own Java threads: daemons that inherit nothing from the threads that start them. They are platform
 * threads, because virtual threads make no progress while all carriers are blocked in native calls.
 */
public final class HelperThread {

    /** The masks of 8192 CPUs and more. The raw calls, because CpuSet would delay the JVM's first native thread. */
    private static final long MOST_MASK_BYTES = 8192;

    private HelperThread() {}

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
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MOST_MASK_BYTES, Long.BYTES);
            long mainThread = Syscall.invoke(SyscallNumber.GETPID);
            long bytes = Syscall.invoke(SyscallNumber.SCHED_GETAFFINITY, mainThread, mask.byteSize(), mask.address());
            if (!Syscall.isError(bytes)) { // otherwise the affinity remains that of the creator
                Syscall.invoke(SyscallNumber.SCHED_SETAFFINITY, /* the calling thread */ 0, bytes, mask.address());
            }
        } catch (OutOfMemoryError full) {
            // the affinity remains that of the creator
        }
    }
}
