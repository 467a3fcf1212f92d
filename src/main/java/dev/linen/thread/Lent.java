package dev.linen.thread;

import java.lang.foreign.Arena;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What a thread was given to use, until it has ended.
 *
 * @param reachable kept from the garbage collector meanwhile
 * @param owned closed afterwards
 */
record Lent(List<Object> reachable, @Nullable Arena owned) {

    /** The thread has ended: nobody uses it any more. */
    void giveBack() {
        if (owned == null) {
            return;
        }
        try {
            owned.close();
        } catch (IllegalStateException closedOrInUse) {
            // by the user, who was told not to: whoever reads it now must close it
        } catch (UnsupportedOperationException neverClosed) {
            // the global arena, or one of the garbage collector's
        }
    }
}
