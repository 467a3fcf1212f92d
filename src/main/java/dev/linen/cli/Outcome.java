package dev.linen.cli;

import java.time.Duration;

import dev.linen.thread.ThreadFault;

/** How a function ended. */
sealed interface Outcome {

    /**
     * The function returned.
     *
     * @param value what it returned: 64 bits
     * @param type what they mean
     */
    record Result(long value, ResultType type) implements Outcome {}

    /**
     * The function didn't return in time.
     *
     * @param limit how long it had
     * @param killed whether the thread was killed; otherwise it still runs
     */
    record TimedOut(Duration limit, boolean killed) implements Outcome {}

    /**
     * The function was ended by a fault.
     *
     * @param fault the fault
     */
    record Fault(ThreadFault fault) implements Outcome {}
}
