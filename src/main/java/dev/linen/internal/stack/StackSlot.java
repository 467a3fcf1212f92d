package dev.linen.internal.stack;

import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.memory.Mapping;
import dev.linen.syscall.SyscallException;

/**
 * The memory of one stack buffer and of its control block, used by one thread after another.
 *
 * <p>The accessors don't check whether the memory is mapped. Only the holder of a {@link StackLease} may call them.
 */
public final class StackSlot {

    final StackSlab slab;
    final int index;
    private final MemorySegment memory;
    private final MemorySegment control;

    /**
     * Whether the guards are installed. Only the holder uses this field; a slot changes hands while the pool's lock is
     * held.
     */
    private boolean guarded;

    /** Whether {@link #restore} has failed. Only the holder uses this field, too. */
    private boolean damaged;

    // The links of the pool's lists, guarded by its lock. They are fields of the slots, so that changing a list
    // allocates nothing.

    /** The next slot on a list of cold or cooling slots. */
    @Nullable
    StackSlot next;

    /** The neighbours among all warm slots, in the order in which they became warm. */
    @Nullable
    StackSlot older;
    @Nullable
    StackSlot newer;

    /** The neighbours among the warm slots of the same geometry, in the same order. */
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
     * Prepares the slot for use by a thread.
     *
     * @throws SyscallException from madvise, mprotect or mlock; the slot must then be given back
     */
    void equip() {
        if (damaged) {
            slab.restore(index);
            damaged = false;
        }
        slab.equip(index, guarded);
        guarded = true;
    }

    /** Returns the sizes of the parts. */
    public StackGeometry geometry() {
        return slab.geometry();
    }

    /** Returns the lowest address of the stack buffer. */
    public long address() {
        return memory.address();
    }

    /** Returns the stack buffer: the stack, the signal stack, and the guards below each of them. */
    public MemorySegment buffer() {
        return memory;
    }

    /** Returns the stack, with the exit record at its top. */
    public MemorySegment stack() {
        return memory.asSlice(geometry().stackOffset(), geometry().stackBytes());
    }

    /** Returns the top of the stack: struct linen_exit. */
    public MemorySegment exit() {
        return memory.asSlice(geometry().exitOffset(), linen_exit.layout());
    }

    /** Returns the control block: struct linen_control. */
    public MemorySegment control() {
        return control;
    }

    /** Returns the thread-local block that all threads of the slab share: struct linen_tls. */
    public MemorySegment threadLocals() {
        return slab.header().threadLocals();
    }

    /** Returns the memory where libc's thread-local storage would be: on both sides of the thread pointer. */
    public MemorySegment libcThreadLocals() {
        return slab.header().libcThreadLocals();
    }

    /**
     * Returns the size in bytes from the lowest page of the stack that was ever touched to its top; at least the page
     * of the exit record.
     *
     * @throws UnsupportedOperationException if the kernel doesn't provide {@code /proc/self/pagemap}
     */
    public long usedBytes() {
        MemorySegment stack = stack();
        return stack.byteSize() - TouchedPages.firstIn(stack).orElse(stack.byteSize() - Mapping.pageSize());
    }

    /** Loads or locks the pages of the stack again, if its geometry requires that. */
    public void fetchPages() {
        slab.fetchPages(index);
    }

    /**
     * Makes the whole stack readable and writable again, after a JVM has put guard pages of its own there. If the
     * kernel refuses that, it is tried again before the next use.
     */
    public void restore() {
        try {
            slab.restore(index);
        } catch (SyscallException refused) { // too many mappings, or no right to lock memory any more
            damaged = true;
        }
    }

    /** Returns whether the next thread may have the slot as it is. */
    public boolean isIntact() {
        return !damaged;
    }
}
