package dev.linen.cli;

import dev.linen.thread.ThreadFault;

/** How a function ended. */
sealed interface Outcome {

    /**
     * The function returned.
     *
     * @param value what it returned
     */
    record Result(long value) implements Outcome {}

    /**
     * The function was ended by a fault.
     *
     * @param fault the fault
     */
    record Fault(ThreadFault fault) implements Outcome {}
}
