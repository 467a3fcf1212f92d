package dev.linen.cli;

import dev.linen.thread.ThreadFault;

/** How a function ended. */
sealed interface Outcome {

    /**
     * It returned.
     *
     * @param value what
     */
    record Result(long value) implements Outcome {}

    /**
     * It didn't.
     *
     * @param fault why
     */
    record Fault(ThreadFault fault) implements Outcome {}
}
