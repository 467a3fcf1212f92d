package dev.linen.internal.binding;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

import dev.linen.internal.linux.rseq;

/**
 * Words of the calling thread's thread-local storage. {@code syscall.c}'s {@code linen_thread_word} reads one: it takes
 * a nanosecond or two, never blocks, and so is the only function that is linked as {@code critical}.
 */
public final class ThreadWord {

    private static final MethodHandle READ = NativeLibrary.linkCritical("linen_thread_word");

    /** Where the CPU's number is, from the thread pointer; 0, which is libc's, if it isn't there. */
    private static final long CPU_OFFSET = cpuOffset();

    private ThreadWord() {}

    /**
     * The CPU that the calling thread runs on, which the kernel writes into the thread's {@code struct rseq}.
     *
     * @return negative if libc has registered none for this thread
     */
    public static int cpu() {
        if (CPU_OFFSET == 0) {
            return -1;
        }
        try {
            return (int) (long) READ.invokeExact(CPU_OFFSET);
        } catch (Throwable t) {
            throw Trampoline.asIs(t);
        }
    }

    /** By two variables of glibc, from 2.35 on. */
    private static long cpuOffset() {
        Optional<MemorySegment> offset = variable("__rseq_offset");
        Optional<MemorySegment> size = variable("__rseq_size");
        boolean registered = size.isPresent() && size.get().reinterpret(JAVA_INT.byteSize()).get(JAVA_INT, 0) != 0;
        return registered && offset.isPresent()
                ? offset.get().reinterpret(JAVA_LONG.byteSize()).get(JAVA_LONG, 0) + rseq.cpu_id$offset()
                : 0;
    }

    private static Optional<MemorySegment> variable(String name) {
        try {
            return Linker.nativeLinker().defaultLookup().find(name);
        } catch (UnsupportedOperationException noLinker) {
            return Optional.empty();
        }
    }
}
