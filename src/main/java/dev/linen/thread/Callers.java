package dev.linen.thread;

/**
 * Who may touch a thread's memory: the callers that are inside. Guarded by its own monitor.
 *
 * <pre>
 *     open      callers come and go
 *     closed    no caller enters any more; the thread has ended
 *     detached  no caller enters any more; the thread may run on
 * </pre>
 *
 * Closed and detached are final, and exclude each other. When the last caller has left then, the memory is given back.
 *
 * <p>A caller enters inside the try statement, and leaves by statements that call nothing. So it leaves whatever is thrown, even
 * if there is no room left on its Java stack:
 *
 * <pre>{@code
 * Callers.Visit visit = new Callers.Visit();
 * try {
 *     callers.enter(visit) ...
 * } finally {
 *     synchronized (callers) {
 *         callers.inside -= visit.claims;
 *         visit.claims = 0;
 *     }
 *     ... // the last one gives the memory back; if that fails, somebody else does
 * }
 * }</pre>
 */
final class Callers {

    /** What one caller has claimed: 1 while it is inside. */
    static final class Visit {
        int claims;
    }

    private boolean closed;
    private boolean detached;
    int inside;

    /** False when closed or detached. */
    synchronized boolean enter(Visit visit) {
        if (closed || detached) {
            return false;
        }
        inside++;
        visit.claims++;
        return true;
    }

    /** For a caller who is inside: another one comes in, whatever the state. */
    synchronized void enterAgain(Visit visit) {
        inside++;
        visit.claims++;
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
