package dev.linen.thread;

import java.lang.foreign.Arena;
import java.util.List;

import org.jspecify.annotations.Nullable;

/** What a thread was given to use, until it has ended: kept from the garbage collector, and an arena to close afterwards. */
final class Lent {

    @SuppressWarnings("unused") // only to be kept reachable
    private final List<Object> reachable;

    private volatile @Nullable Arena owned;

    Lent(List<Object> reachable, @Nullable Arena owned) {
        this.reachable = reachable;
        this.owned = owned;
    }

    /** The thread could not be started: the arena stays its owner's. */
    void takeBack() {
        owned = null;
    }

    /** The thread has ended: nobody uses it any more. */
    void giveBack() {
        Arena arena = owned;
        if (arena == null) {
            return;
        }
        try {
            arena.close();
        } catch (IllegalStateException closedOrInUse) {
            // by the user, who was told not to: whoever reads it now must close it
        } catch (UnsupportedOperationException neverClosed) {
            // the global arena, or one of the garbage collector's
        }
    }
}
