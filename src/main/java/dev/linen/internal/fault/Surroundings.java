package dev.linen.internal.fault;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What a fault report must know of the thread that had the fault. Its segments say where something is or was; only the
 * stack is read, and not after {@link FaultReport#settle} has been called.
 *
 * @param function what it ran, by name
 * @param freedArgument the memory that it was given, if the arena of that is closed
 * @param stack its stack
 * @param guardBelow the guard below the stack
 * @param outerGuardBelow the guard below the signal stack
 * @param guardAbove the guard above the stack
 * @param placeOfLibcs where libc's thread-local storage would be
 * @param usedBytes how much of the stack has been used; throws an exception if that can't be known
 */
public record Surroundings(String function, Optional<MemorySegment> freedArgument, MemorySegment stack,
        MemorySegment guardBelow,
        MemorySegment outerGuardBelow, MemorySegment guardAbove, MemorySegment placeOfLibcs, LongSupplier usedBytes) {

    static boolean contains(MemorySegment segment, long address) {
        long offset = address - segment.address();
        return offset >= 0 && offset < segment.byteSize();
    }
}
