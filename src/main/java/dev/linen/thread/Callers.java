package dev.linen.thread;

/**
 * Counts the callers that may access a thread's memory: those that are inside. Guarded by its own monitor.
 *
 * <pre>
 *     open      callers enter and leave
 *     closed    no caller can enter any more; the thread has ended
 *     detached  no caller can enter any more; the thread may still run
 * </pre>
 *
 * Closed and detached are final, and exclude each other. The memory is freed when, in one of these two states, the last
 * caller has left.
 *
 * <p>A caller leaves by statements that call no method, so that it leaves even if its Java stack is full:
 *
 * <pre>{@code
 * callers.enter() ...
 * try {
 *     ...
 * } finally {
 *     synchronized (callers) {
 *         callers.inside--;
 *     }
 *     ... // the last caller frees the memory; if that fails, another thread tries again
 * }
 * }</pre>
 */
final class Callers {

    private boolean closed;
    private boolean detached;
    int inside;

    /** Returns false if the thread was closed or detached before. */
    synchronized boolean enter() {
        if (closed || detached) {
            return false;
        }
        inside++;
        return true;
    }

    /** For a caller that is inside. There will be one more {@code inside--}. */
    synchronized void enterAgain() {
        inside++;
    }

    /** For a caller that is inside. Returns false if the thread was closed or detached before. */
    synchronized boolean close() {
        if (closed || detached) {
            return false;
        }
        closed = true;
        return true;
    }

    /** For a caller that is inside. Returns false if the thread was closed or detached before. */
    synchronized boolean detach() {
        if (closed || detached) {
            return false;
        }
        detached = true;
        return true;
    }

    synchronized boolean isDetached() {
        return detached;
    }

    /** Returns whether no caller is inside, and none can enter any more. */
    synchronized boolean haveAllLeft() {
        return (closed || detached) && inside == 0;
    }
}
