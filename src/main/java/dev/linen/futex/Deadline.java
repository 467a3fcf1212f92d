package dev.linen.futex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

import dev.linen.internal.linux.__kernel_timespec;

/**
 * A point in time as the kernel wants it: a {@code struct __kernel_timespec} on {@code CLOCK_MONOTONIC}.
 *
 * <p>On Linux {@link System#nanoTime()} is that clock (HotSpot: os::javaTimeNanos); a test holds it.
 */
final class Deadline {

    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    /** One a thread, given back by the garbage collector: so that a wait allocates nothing. */
    private static final ThreadLocal<MemorySegment> TIMESPEC = ThreadLocal
            .withInitial(() -> Arena.ofAuto().allocate(__kernel_timespec.layout()));

    private Deadline() {}

    /** Valid until this thread asks for the next one. A time before the machine's start is its start. */
    static MemorySegment timespec(long deadlineNanoTime) {
        long nanos = Math.max(deadlineNanoTime, 0);
        MemorySegment timespec = TIMESPEC.get();
        __kernel_timespec.tv_sec(timespec, nanos / NANOS_PER_SECOND);
        __kernel_timespec.tv_nsec(timespec, nanos % NANOS_PER_SECOND);
        return timespec;
    }
}
