package dev.linen.internal.binding;

import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_before;

/** {@code fault.c}'s addresses. To be used once another function of {@code liblinen.so} has been called. */
public final class FaultEntry {

    private static final long HANDLER = NativeLibrary.function("linen_handler").address();
    private static final long RESTORER = NativeLibrary.function("linen_restorer").address();
    private static final MemorySegment BEFORE = NativeLibrary.function("linen_before")
            .reinterpret(LinenH.LINEN_SIGNALS * linen_before.sizeof());

    private FaultEntry() {}

    /** What the kernel calls with a signal. */
    public static long handler() {
        return HANDLER;
    }

    /** What the handler returns to. */
    public static long restorer() {
        return RESTORER;
    }

    /** Whom the handler calls with what isn't linen's. */
    public static MemorySegment before(int signal) {
        return linen_before.asSlice(BEFORE, signal);
    }
}
