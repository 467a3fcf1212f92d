package dev.linen.thread;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.Uncaught;

/** What a thread uses until it ends: kept reachable, and an arena that is closed afterwards if the thread owns one. */
final class Lent {

    private final NativeFunction function;

    /** Empty if it is a number. */
    private final Optional<MemorySegment> argument;
    private volatile @Nullable Arena owned;

    @SuppressWarnings("UnusedVariable") // only to be reachable
    private @Nullable Object kept;

    Lent(NativeFunction function, Optional<MemorySegment> argument, @Nullable Arena owned) {
        this.function = function;
        this.argument = argument;
        this.owned = owned;
    }

    NativeFunction function() {
        return function;
    }

    /** Keeps something reachable until the thread has ended. */
    void keep(Object memory) {
        kept = memory;
    }

    /** The thread could not be started: the arena stays the caller's. */
    void takeBack() {
        owned = null;
    }

    /** The argument, if its arena has been closed too early. */
    Optional<MemorySegment> freedArgument() {
        return argument.filter(segment -> !segment.scope().isAlive());
    }

    boolean ownsArena() {
        return owned != null;
    }

    /** Closes the arena of a thread that has ended. Runs the user's clean-up actions. */
    void closeArena() {
        Arena arena = owned;
        if (arena == null) {
            return;
        }
        try {
            arena.close();
        } catch (IllegalStateException closedOrInUse) {
            // closed by the user; or a Java thread is in a native call with it, and must close it afterwards
        } catch (UnsupportedOperationException neverClosed) {
            // the global arena, or one that the garbage collector closes
        } catch (RuntimeException | Error ofTheCleanup) {
            Uncaught.by(ofTheCleanup);
        }
    }
}
