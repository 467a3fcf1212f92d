package dev.linen.inject;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

import dev.linen.syscall.Errno;

/**
 * What every recorded operation has: which system call it was, who made it, and how it ended.
 *
 * @param order the position in the total order of the calls of all recordings that run at the same time; it has gaps
 * @param name the name of the system call: {@code "pwrite64"}
 * @param tid the thread id of the caller, which for a virtual thread is that of its carrier thread
 * @param result what the caller got: -4095 to -1 is -errno; {@link #UNKNOWN} for a call that the supervisor can't make
 *        itself, such as {@code connect}
 * @param injected whether the kernel's result was replaced: a rule made the call fail, or write less
 * @param startNanos when the call began, as {@code CLOCK_MONOTONIC} and {@link System#nanoTime} count
 * @param duration how long the kernel took
 * @param stack the Java stack of the caller, innermost frame first; empty if it wasn't asked for or can't be had
 */
public record Call(long order, String name, int tid, long result, boolean injected, long startNanos, Duration duration,
        List<StackTraceElement> stack) {

    /** The result of a call whose result isn't seen. */
    public static final long UNKNOWN = Long.MIN_VALUE;

    /** Copies the stack. */
    public Call {
        stack = List.copyOf(stack);
    }

    /**
     * Returns whether the call failed.
     *
     * @return true if the caller got an error
     */
    public boolean failed() {
        return errno().isPresent();
    }

    /**
     * Returns the error that the caller got.
     *
     * @return the error; empty if the call succeeded
     */
    public Optional<Errno> errno() {
        return Errno.ofResult(result);
    }
}
