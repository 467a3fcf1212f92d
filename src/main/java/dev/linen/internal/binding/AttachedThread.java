package dev.linen.internal.binding;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.Numbers;

/** A thread that the JVM has attached, because a function of it called Java. */
public final class AttachedThread {

    /** What the JVM's names for such threads begin with. */
    private static final String UNNAMED = "Thread-";

    /** TASK_COMM_LEN, with the final 0. It is in the kernel's internal linux/sched.h; no exported header has it. */
    private static final int NAME_BYTES = 16;

    private AttachedThread() {}

    /**
     * Gives the current thread, if the JVM has only numbered it, the name that it has in the kernel: the one that its
     * creator chose. For jstack and profilers; Flight Recorder ignores later names. A failure has no effect.
     */
    public static void takeName() {
        try {
            Thread self = Thread.currentThread();
            if (self.isDaemon() && !self.isVirtual() && self.getName().startsWith(UNNAMED)) {
                self.setName(kernelName());
            }
        } catch (Throwable ignored) { // also a StackOverflowError: the function is what counts
            // the name stays
        }
    }

    private static String kernelName() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(NAME_BYTES);
            Trampoline.syscall(Numbers.__NR_prctl(), Kernel.PR_GET_NAME, name.address());
            return name.getString(0);
        }
    }
}
