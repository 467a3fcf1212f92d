package dev.linen.internal.binding;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_before;

/**
 * The addresses of functions and data in {@code fault.c}. Another function of {@code liblinen.so} must have been called
 * before, so that the library is known to be loaded.
 */
public final class FaultEntry {

    private static final long HANDLER = NativeLibrary.function("linen_handler").address();
    private static final long RESTORER = NativeLibrary.optional("linen_restorer").address();
    private static final MemorySegment BEFORE = NativeLibrary.function("linen_before")
            .reinterpret(LinenH.LINEN_SIGNALS * linen_before.sizeof());

    private static final MemorySegment PROCESS = NativeLibrary.function("linen_process").reinterpret(Integer.BYTES);

    private FaultEntry() {}

    /** The signal handler, which the kernel calls. */
    public static long handler() {
        return HANDLER;
    }

    /** The code to which the signal handler returns; 0 on a CPU where the kernel has that code itself. */
    public static long restorer() {
        return RESTORER;
    }

    /** The previous action of a signal, which linen's handler calls for signals that it doesn't handle itself. */
    public static MemorySegment before(int signal) {
        return linen_before.asSlice(BEFORE, signal);
    }

    /** Sets the id of this process, by which the handler recognizes a child process. */
    public static void setProcess(int pid) {
        PROCESS.set(JAVA_INT, 0, pid);
    }
}
