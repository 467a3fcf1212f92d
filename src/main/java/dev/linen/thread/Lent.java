package dev.linen.thread;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.Uncaught;

/** What a thread was given to use, until it has ended: kept from the garbage collector, and an arena to close afterwards. */
final class Lent {

    private final NativeFunction function;

    /** Kept reachable; empty when it is a number. */
    private final Optional<MemorySegment> argument;
    private volatile @Nullable Arena owned;
    private final AtomicBoolean faultSeen = new AtomicBoolean();

    Lent(NativeFunction function, Optional<MemorySegment> argument, @Nullable Arena owned) {
        this.function = function;
        this.argument = argument;
        this.owned = owned;
    }

    NativeFunction function() {
        return function;
    }

    /** True once: for who tells of its fault. */
    boolean seeFault() {
        return faultSeen.compareAndSet(false, true);
    }

    /** The thread could not be started: the arena stays its owner's. */
    void takeBack() {
        owned = null;
    }

    /** The argument, if an address lies in it and its arena has been closed too early. */
    Optional<MemorySegment> freedAt(long address) {
        return argument.filter(segment -> !segment.scope().isAlive()).filter(segment -> address - segment.address() >= 0
                && address - segment.address() < segment.byteSize());
    }

    boolean hasArena() {
        return owned != null;
    }

    /** The thread has ended: nobody uses it any more. Runs what the user wants to be run when his arena is closed. */
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
        } catch (RuntimeException | Error ofTheCleanup) {
            Uncaught.by(ofTheCleanup);
        }
    }
}
