package dev.linen.thread;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.Uncaught;

/**
 * What a thread uses until it ends: its function, its argument and, if it owns one, an arena. They are kept reachable,
 * and the arena is closed after the thread's end.
 */
final class Lent {

    private final NativeFunction function;

    /** Empty if the argument is a number. */
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

    /** Keeps an object reachable until the thread has ended. */
    void keep(Object memory) {
        kept = memory;
    }

    /** The thread couldn't be started: the caller keeps the arena. */
    void takeBack() {
        owned = null;
    }

    /** Returns the argument if its arena has been closed too early. */
    Optional<MemorySegment> freedArgument() {
        return argument.filter(segment -> !segment.scope().isAlive());
    }

    boolean ownsArena() {
        return owned != null;
    }

    /** Closes the arena of a thread that has ended. This runs the user's cleanup actions. */
    void closeArena() {
        Arena arena = owned;
        if (arena == null) {
            return;
        }
        try {
            arena.close();
        } catch (IllegalStateException closedOrInUse) {
            // the user has closed it; or a Java thread is in a native call with a segment of it, and the user must
            // close it later
        } catch (UnsupportedOperationException neverClosed) {
            // the global arena, or one that the garbage collector closes
        } catch (RuntimeException | Error ofTheCleanup) {
            if (ofTheCleanup instanceof VirtualMachineError full && arena.scope().isAlive()) {
                throw full; // it isn't closed, and can be tried again
            }
            Uncaught.by(ofTheCleanup);
        }
    }
}
