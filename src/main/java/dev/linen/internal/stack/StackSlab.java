package dev.linen.internal.stack;

import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.registry.KeptMemory;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;

/**
 * One mapping: a header, and above it stack buffers of the same geometry, which are counted from 0. A call that is for a stack
 * buffer is made by the thread that has it; none is made under a lock, because system calls take their time.
 *
 * <p>Where the kernel installs guards without mappings of their own (MADV_GUARD_INSTALL, Linux 6.13), a parked thread costs a
 * small fraction of a mapping. Before that, a guard is a mapping of its own, and so is what lies between two: four for each
 * thread.
 */
final class StackSlab {

    /** A reservation: pages that nobody touches cost nothing. */
    private static final long LEAST_RESERVED_BYTES = 64L << 20;

    /** Many threads have few slabs: each is two mappings, for its header can't be written to. */
    private static final long MOST_RESERVED_BYTES = 1L << 30;

    /** A new slab is at most this part of what there is: whoever has a limit loses no more by slots that nobody uses. */
    private static final int GROWTH = 4;

    /** MADV_GUARD_INSTALL writes a page table entry for each page; of a larger guard, a mapping costs less. */
    private static final long MOST_ADVISED_BYTES = 1L << 20;

    private static volatile boolean guardsByAdvice = true;

    private final Mapping mapping;
    private final SlabHeader header;
    private final long firstSlot;
    private final StackGeometry geometry;

    private final int slots;

    // Guarded by the pool's lock.

    /** Whether a pool has it. */
    boolean shelved;

    /** The next one on a list of slabs that are to be unmapped. */
    @Nullable
    StackSlab nextRetired;

    private StackSlab(Mapping mapping, StackGeometry geometry, int slots) {
        this.mapping = mapping;
        this.geometry = geometry;
        this.slots = slots;
        long above = mapping.address() + SlabHeader.bytes(slots);
        long first = StackGeometry.roundUp(above, geometry.pages().alignment());
        this.firstSlot = first - mapping.address();
        mapping.protect(Protection.READ_WRITE);
        this.header = new SlabHeader(mapping.address(), first, slots, geometry);
        mapping.protect(0, SlabHeader.readOnlyBytes(), Protection.READ);
        installGuard(0, SlabHeader.guardBytes());
        KeptMemory.add(this, mapping.address(), mapping.byteSize());
    }

    /**
     * Nothing stays mapped when a call fails.
     *
     * @param existingBytes how large the slabs of this geometry are, together
     */
    static StackSlab map(StackGeometry geometry, long existingBytes) {
        long reserved = Math.clamp(existingBytes / GROWTH, LEAST_RESERVED_BYTES, MOST_RESERVED_BYTES);
        int modest = (int) (LEAST_RESERVED_BYTES / geometry.totalBytes());
        // When there is no room for it, a modest one: what is left is the JVM's.
        for (int slots = (int) (reserved / geometry.totalBytes()); slots > 1; slots = Math.min(slots / 2, modest)) {
            try {
                return mapSlots(geometry, slots);
            } catch (SyscallException noRoomForMany) {
                // RLIMIT_AS, or strict overcommit: fewer, then
            }
        }
        return mapSlots(geometry, 1);
    }

    private static StackSlab mapSlots(StackGeometry geometry, int slots) {
        Mapping mapping = reserve(geometry, slots);
        try {
            // After mlockall(MCL_FUTURE) it is locked: it would get all its pages at once, and could have no such guards.
            mapping.unlock(0, mapping.byteSize());
            return new StackSlab(mapping, geometry, slots);
        } catch (RuntimeException | Error failed) {
            mapping.close();
            throw failed;
        }
    }

    /** The kernel aligns to pages: with larger ones, there is some space before the first slot. */
    private static Mapping reserve(StackGeometry geometry, int slots) {
        long alignmentBytes = geometry.pages().alignment() - Mapping.pageSize();
        long bytes = SlabHeader.bytes(slots) + alignmentBytes + slots * geometry.totalBytes()
                + geometry.outerGuardBytes();
        return Mapping.anonymous(bytes, Protection.NONE,
                MapFlags.PRIVATE.with(MapFlags.STACK).with(MapFlags.NORESERVE));
    }

    SlabHeader header() {
        return header;
    }

    StackGeometry geometry() {
        return geometry;
    }

    long byteSize() {
        return mapping.byteSize();
    }

    /** How many stack buffers it has room for. */
    int slots() {
        return slots;
    }

    /** The lowest address of a stack buffer. */
    long address(int slot) {
        return mapping.address() + offset(slot);
    }

    private long offset(int slot) {
        return firstSlot + slot * geometry.totalBytes();
    }

    /**
     * Makes a stack buffer ready to be used: with guards, and with pages if so wished.
     *
     * @param guarded whether its guards have been installed before
     * @throws SyscallException of madvise, mprotect or mlock
     */
    void equip(int slot, boolean guarded) {
        long offset = offset(slot);
        if (!guarded) {
            installGuard(offset, geometry.outerGuardBytes());
            installGuard(offset + geometry.guardOffset(), geometry.guardBytes());
            // The next one's, and until there is one, the end for an array on this one's stack that is overrun.
            installGuard(offset + geometry.totalBytes(), geometry.outerGuardBytes());
        }
        if (!guardsByAdvice) {
            open(offset);
        }
        fetchPages(slot);
    }

    private void fetchPages(int slot) {
        long offset = offset(slot);
        StackPages pages = geometry.pages();
        if (pages.huge()) {
            wishHugePages(offset);
        }
        if (pages.locked()) {
            mapping.lock(SlabHeader.guardBytes(), Mapping.pageSize()); // the thread-local block: each function may read it
            lockControl(slot);
            mapping.lock(offset + geometry.signalStackOffset(), geometry.signalStackBytes());
            mapping.lock(offset + geometry.stackOffset(), geometry.stackBytes());
        } else if (pages.prefaulted()) {
            populate(offset);
        }
    }

    /** With its neighbours', as pages go: it stays so, for their sake. */
    private void lockControl(int slot) {
        long begin = header.control(slot) - mapping.address();
        long pageBegin = begin / Mapping.pageSize() * Mapping.pageSize();
        mapping.lock(pageBegin, header.control(slot + 1) - mapping.address() - pageBegin);
    }

    private void wishHugePages(long offset) {
        try {
            adviseUsable(offset, Advice.HUGEPAGE);
        } catch (SyscallException none) {
            // a kernel without them: EINVAL
        }
    }

    private void populate(long offset) {
        try {
            adviseUsable(offset, Advice.POPULATE_WRITE);
        } catch (SyscallException refused) {
            if (!refused.errno().equals(Errno.EINVAL)) {
                throw refused;
            }
            fill(offset + geometry.signalStackOffset(), geometry.signalStackBytes()); // before Linux 5.14
            fill(offset + geometry.stackOffset(), geometry.stackBytes());
        }
    }

    private void fill(long offset, long bytes) {
        MemorySegment.ofAddress(mapping.address() + offset).reinterpret(bytes).fill((byte) 0);
    }

    /** What isn't a guard. */
    private void adviseUsable(long offset, Advice advice) {
        mapping.advise(offset + geometry.signalStackOffset(), geometry.signalStackBytes(), advice);
        mapping.advise(offset + geometry.stackOffset(), geometry.stackBytes(), advice);
    }

    /** Makes all of the stack readable and writable again, and locks it again if it was: pages of it may have been replaced. */
    void restore(int slot) {
        long offset = offset(slot) + geometry.stackOffset();
        mapping.protect(offset, geometry.stackBytes(), Protection.READ_WRITE);
        if (geometry.pages().locked()) {
            mapping.lock(offset, geometry.stackBytes());
        }
    }

    private void installGuard(long offset, long bytes) {
        if (guardsByAdvice && bytes <= MOST_ADVISED_BYTES) {
            guardsByAdvice = adviseGuard(offset, bytes);
        }
        if (!guardsByAdvice || bytes > MOST_ADVISED_BYTES) {
            mapping.protect(offset, bytes, Protection.NONE);
        }
    }

    /** Whether the kernel knows how. It refuses with the same word where somebody's mlockall has locked the slab. */
    private boolean adviseGuard(long offset, long bytes) {
        for (boolean locked : new boolean[]{true, false}) {
            try {
                mapping.advise(offset, bytes, Advice.GUARD_INSTALL);
                return true;
            } catch (SyscallException refused) {
                if (!refused.errno().equals(Errno.EINVAL)) {
                    throw refused;
                }
                if (locked) {
                    mapping.unlock(offset, bytes);
                }
            }
        }
        return false; // a kernel before 6.13
    }

    /** Gives the pages of neighbouring stack buffers to the kernel; the guards stay. */
    void discard(int first, int count) {
        discard(offset(first), count * geometry.totalBytes());
        if (!guardsByAdvice) {
            shut(offset(first), count * geometry.totalBytes());
        }
    }

    private void discard(long offset, long bytes) {
        try {
            mapping.advise(offset, bytes, Advice.DONTNEED);
        } catch (SyscallException locked) { // by us, or by somebody's mlockall
            mapping.unlock(offset, bytes);
            mapping.advise(offset, bytes, Advice.DONTNEED);
        }
    }

    /**
     * Where guards are mappings: the kernel makes one of all cold stack buffers that are neighbours. They can be read, because a
     * signal handler that looks for its thread's tid may do so.
     */
    private void shut(long offset, long bytes) {
        try {
            mapping.protect(offset, bytes, Protection.READ);
        } catch (SyscallException tooManyMappings) {
            // then they stay mappings of their own
        }
    }

    private void open(long offset) {
        mapping.protect(offset, geometry.totalBytes(), Protection.NONE);
        mapping.protect(offset + geometry.signalStackOffset(), geometry.signalStackBytes(), Protection.READ_WRITE);
        mapping.protect(offset + geometry.stackOffset(), geometry.stackBytes(), Protection.READ_WRITE);
    }

    /** Unmaps all of it. */
    void unmap() {
        KeptMemory.remove(this);
        mapping.close();
    }
}
