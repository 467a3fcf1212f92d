package dev.linen.thread;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.helper.Reclaimer;

/**
 * The callers that may access a thread's memory at the moment: those that are inside. Guarded by its own monitor.
 *
 * <pre>
 *     open      callers come and go
 *     closed    no caller enters any more; the thread has ended
 *     detached  no caller enters any more; the thread may run on
 * </pre>
 *
 * Closed and detached are final and exclude each other. When the last caller has left then, the memory is freed.
 *
 * <p>A caller enters inside the try statement, and leaves by an assignment, which neither calls anything nor takes a
 * lock. So it leaves whatever is thrown, even if there is no room left on its Java stack:
 *
 * <pre>{@code
 * Callers.Visit visit = new Callers.Visit();
 * try {
 *     callers.enter(visit) ...
 * } finally {
 *     visit.inside = false;
 *     ... // the last caller frees the memory; if that fails, another thread does
 * }
 * }</pre>
 */
final class Callers {

    /** One caller's visit. */
    static final class Visit {
        volatile boolean inside;

        /** The next one on the list of Callers, guarded by that. */
        private @Nullable Visit next;
    }

    // Changed under the monitor.
    private volatile boolean closed;
    private volatile boolean detached;

    /** All visits that aren't over, and some that are. */
    private @Nullable Visit first;

    /** Returns false if closed or detached. */
    boolean enter(Visit visit) {
        StackRoom.requireForFirstUse();
        Reclaimer.ensureStarted();
        return enterNow(visit);
    }

    private synchronized boolean enterNow(Visit visit) {
        if (closed || detached) {
            return false;
        }
        removeThoseOver();
        add(visit);
        return true;
    }

    /** For a caller that is inside: begins another visit, in any state. */
    synchronized void enterAgain(Visit visit) {
        add(visit);
    }

    private void add(Visit visit) {
        visit.next = first;
        visit.inside = true;
        first = visit;
    }

    private void removeThoseOver() {
        while (first != null && !first.inside) {
            first = first.next;
        }
        for (Visit visit = first; visit != null; visit = visit.next) {
            while (visit.next != null && !visit.next.inside) {
                visit.next = visit.next.next;
            }
        }
    }

    /** For a caller that is inside. Returns false if it was closed or detached before. */
    synchronized boolean close() {
        if (closed || detached) {
            return false;
        }
        closed = true;
        return true;
    }

    /** For a caller that is inside. Returns false if it was closed or detached before. */
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

    /** Returns whether no caller is inside, and none will enter. */
    boolean haveAllLeft() {
        if (!closed && !detached) {
            return false;
        }
        synchronized (this) {
            removeThoseOver();
            return first == null;
        }
    }
}
