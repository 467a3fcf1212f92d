package dev.linen.thread;

/**
 * Who may touch a thread's memory: the callers that are inside. It is guarded by its own monitor.
 *
 * <pre>
 *     open      callers come and go
 *     closed    no caller enters any more; the thread has ended
 *     detached  no caller enters any more; the thread may run on
 * </pre>
 *
 * Closed and detached are final, and exclude each other. When the last caller has left then, the memory is given back.
 *
 * <p>A caller leaves by statements that call nothing, so that it leaves even if there is no room left on its Java stack:
 *
 * <pre>{@code
 * callers.enter() ...
 * try {
 *     ...
 * } finally {
 *     synchronized (callers) {
 *         callers.inside--;
 *     }
 *     ... // whoever is last gives the memory back; if that fails, somebody else does
 * }
 * }</pre>
 */
final class Callers {

    private boolean closed;
    private boolean detached;
    int inside;

    /** False when closed or detached. */
    synchronized boolean enter() {
        if (closed || detached) {
            return false;
        }
        inside++;
        return true;
    }

    /** For a caller who is inside: one more will leave. */
    synchronized void enterAgain() {
        inside++;
    }

    /** For a caller who is inside. False when it was closed or detached before. */
    synchronized boolean close() {
        if (closed || detached) {
            return false;
        }
        closed = true;
        return true;
    }

    /** For a caller who is inside. False when it was closed or detached before. */
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

    /** Whether no caller is inside, and none will ever enter again. */
    synchronized boolean haveAllLeft() {
        return (closed || detached) && inside == 0;
    }
}
