package dev.linen.thread;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who may touch a thread's memory, in one word. The thread's own end is not in it: that is the futex dword.
 *
 * <pre>
 *     n               open, n >= 0 callers are inside
 *     CLOSED + n      closed: the thread has ended; n callers are still inside
 *     DETACHED + n    detached: the thread may run on; n callers, who came before, are still inside
 *
 *     enter    n -> n + 1                       refused when closed or detached
 *     again    n -> n + 1, CLOSED and DETACHED likewise: by a caller who is inside
 *     leave    n -> n - 1                       CLOSED + 1 -> CLOSED, DETACHED + 1 -> DETACHED: the last one gives the memory back
 *     close    n -> CLOSED + n                  by a caller who is inside, after the thread's end
 *     detach   n -> DETACHED + n                by a caller who is inside
 * </pre>
 *
 * Closed and detached are for ever, and exclude each other: the memory is given back once.
 */
final class StateWord {

    private static final int CLOSED = 1 << 31;
    private static final int DETACHED = 1 << 30;
    private static final int CALLERS = DETACHED - 1;

    private final AtomicInteger word = new AtomicInteger();

    boolean enter() {
        for (int now = word.get(); isOpen(now); now = word.get()) {
            if (word.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /** For a caller who is inside: one more leave will come, from somebody else. */
    void enterAgain() {
        word.incrementAndGet();
    }

    /** A caller is done; true when it must give the memory back. */
    boolean leave() {
        int now = word.decrementAndGet();
        return !isOpen(now) && (now & CALLERS) == 0;
    }

    /** False when it was closed or detached before. */
    boolean close() {
        return end(CLOSED);
    }

    /** False when it was closed or detached before. */
    boolean detach() {
        return end(DETACHED);
    }

    boolean isDetached() {
        return (word.get() & DETACHED) != 0;
    }

    private boolean end(int how) {
        return isOpen(word.getAndUpdate(now -> isOpen(now) ? now | how : now));
    }

    private static boolean isOpen(int word) {
        return (word & (CLOSED | DETACHED)) == 0;
    }
}
