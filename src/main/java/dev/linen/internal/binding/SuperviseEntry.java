package dev.linen.internal.binding;

import java.lang.foreign.MemorySegment;

/**
 * The address of the function in {@code inject.c}. Another function of {@code liblinen.so} must have been called
 * before, so that the library is known to be loaded.
 */
public final class SuperviseEntry {

    private SuperviseEntry() {}

    /** {@code void *linen_supervise(struct linen_inject *)}, for a native thread. */
    public static MemorySegment address() {
        return NativeLibrary.function("linen_supervise");
    }
}
