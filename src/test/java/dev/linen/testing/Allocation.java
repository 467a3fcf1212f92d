package dev.linen.testing;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.LongSupplier;

/** Measures how many bytes a call allocates on the Java heap. */
public final class Allocation {

    private static final int CALLS = 100_000;

    /** The best of several rounds counts, because the JIT compiler may be active during a round. */
    private static final int ROUNDS = 20;

    private static final MethodHandle ALLOCATED_BYTES = allocatedBytesHandle();

    private static volatile long sink;

    private Allocation() {}

    /** Returns the bytes that 100,000 calls allocate after the call was compiled. */
    public static long of100000(LongSupplier call) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && least != 0; round++) {
            least = Math.min(least, once(call));
        }
        return least;
    }

    private static long once(LongSupplier call) {
        long results = 0;
        long before = allocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            results += call.getAsLong();
        }
        long bytes = allocatedBytes() - before;
        sink = results;
        return bytes;
    }

    private static long allocatedBytes() {
        try {
            return (long) ALLOCATED_BYTES.invokeExact();
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Uses reflection, because the module dev.linen doesn't read jdk.management. */
    private static MethodHandle allocatedBytesHandle() {
        try {
            Object threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean")
                    .invoke(null);
            return MethodHandles.publicLookup().findVirtual(Class.forName("com.sun.management.ThreadMXBean"),
                    "getCurrentThreadAllocatedBytes", MethodType.methodType(long.class)).bindTo(threads);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(missing);
        }
    }
}
