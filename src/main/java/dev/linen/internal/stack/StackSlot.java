package dev.linen.internal.stack;

import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.memory.Mapping;
import dev.linen.syscall.SyscallException;

/**
 * The memory of one stack buffer and of its control block, used by one thread after the other.
 *
 * <p>Its accessors don't check that the memory is mapped: only the holder of a {@link StackLease} calls them.
 */
public final class StackSlot {

    final StackSlab slab;
    final int index;
    private final MemorySegment memory;
    private final MemorySegment control;

    /** Whether its guards are installed. Used by its holder only; slots change hands under the pool's lock. */
    private boolean guarded;

    // The lists of the pool, guarded by its lock. They are made of the slots themselves, so that no change of a list allocates.

    /** The next one on a list of cold slots, or of slots that are about to become cold. */
    @Nullable
    StackSlot next;

    /** Neighbours among all warm slots, by the time since which they are warm. */
    @Nullable
    StackSlot older;
    @Nullable
    StackSlot newer;

    /** Neighbours among the warm slots of the same geometry, likewise. */
    @Nullable
    StackSlot olderAlike;
    @Nullable
    StackSlot newerAlike;

    StackSlot(StackSlab slab, int index) {
        this.slab = slab;
        this.index = index;
        this.memory = MemorySegment.ofAddress(slab.address(index)).reinterpret(slab.geometry().totalBytes());
        this.control = MemorySegment.ofAddress(slab.header().control(index)).reinterpret(linen_control.sizeof());
    }

    StackSlab slab() {
        return slab;
    }

    /**
     * Makes it ready to be used by a thread.
     *
     * @throws SyscallException of madvise, mprotect or mlock; it is to be given back then
     */
    void equip() {
        slab.equip(index, guarded);
        guarded = true;
    }

    /** How large its parts are. */
    public StackGeometry geometry() {
        return slab.geometry();
    }

    /** The lowest address of the stack buffer. */
    public long address() {
        return memory.address();
    }

    /** The stack buffer: the stack, the signal stack, and the guards below each. */
    public MemorySegment buffer() {
        return memory;
    }

    /** The stack, with the exit record on top of it. */
    public MemorySegment stack() {
        return memory.asSlice(geometry().stackOffset(), geometry().stackBytes());
    }

    /** The top of the stack: struct linen_exit. */
    public MemorySegment exit() {
        return memory.asSlice(geometry().exitOffset(), linen_exit.layout());
    }

    /** The control block: struct linen_control. */
    public MemorySegment control() {
        return control;
    }

    /** The thread-local block that all threads of its slab share: struct linen_slab. */
    public MemorySegment threadLocals() {
        return slab.header().threadLocals();
    }

    /** Where libc's thread-local storage would be if libc had made the thread: on both sides of the thread pointer. */
    public MemorySegment placeOfLibcs() {
        return slab.header().placeOfLibcs();
    }

    /**
     * From the lowest page of the stack ever touched to its top, in bytes; at least the page of the exit record.
     *
     * @throws UnsupportedOperationException if the kernel doesn't say
     */
    public long usedBytes() {
        MemorySegment stack = stack();
        return stack.byteSize() - TouchedPages.firstIn(stack).orElse(stack.byteSize() - Mapping.pageSize());
    }

    /** Makes all of the stack readable and writable again, after a JVM has put guard pages of its own there. */
    public void restore() {
        slab.restore(index);
    }
}
