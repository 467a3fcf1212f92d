package dev.linen.futex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

import dev.linen.internal.linux.__kernel_timespec;

/**
 * Converts a deadline to the kernel's form: a {@code struct __kernel_timespec} on {@code CLOCK_MONOTONIC}.
 *
 * <p>On Linux, {@link System#nanoTime()} reads that clock (HotSpot: os::javaTimeNanos). A test checks this.
 */
final class Deadline {

    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    /** One for each thread, so that a wait allocates nothing. The garbage collector frees it. */
    private static final ThreadLocal<MemorySegment> TIMESPEC = ThreadLocal
            .withInitial(() -> Arena.ofAuto().allocate(__kernel_timespec.layout()));

    private Deadline() {}

    /**
     * Returns the deadline as a timespec that is valid until this thread calls the method again. A negative time counts
     * as 0.
     */
    static MemorySegment timespec(long deadlineNanoTime) {
        long nanos = Math.max(deadlineNanoTime, 0);
        MemorySegment timespec = TIMESPEC.get();
        __kernel_timespec.tv_sec(timespec, nanos / NANOS_PER_SECOND);
        __kernel_timespec.tv_nsec(timespec, nanos % NANOS_PER_SECOND);
        return timespec;
    }
}
