package dev.linen.thread;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.KeptMemory;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;

/**
 * One mapping cut into slots of the same geometry. Not synchronised: {@link StackPool} calls it under its lock, but where
 * it says otherwise.
 *
 * <p>Where the kernel installs guards without mappings of their own (MADV_GUARD_INSTALL, Linux 6.13), many slots share a
 * slab, and a parked thread costs a small fraction of a mapping. Before that, a guard is a mapping of its own, and a slab has
 * one slot.
 */
final class StackSlab {

    /** A reservation: pages that nobody touches cost nothing. */
    private static final long RESERVED_BYTES = 64L << 20;

    private static volatile boolean guardsByAdvice = true;

    private final Mapping mapping;
    private final long firstSlot;
    private final StackGeometry geometry;

    /** Slots without memory, but with their guards. */
    private final Deque<StackSlot> cold = new ArrayDeque<>();
    private final int slots;
    private int made;

    private StackSlab(Mapping mapping, StackGeometry geometry, int slots) {
        this.mapping = mapping;
        long alignment = geometry.pages().alignment();
        this.firstSlot = Math.floorMod(-mapping.address(), alignment);
        this.geometry = geometry;
        this.slots = slots;
        KeptMemory.add(this, mapping.address(), mapping.byteSize());
    }

    /** Nothing stays mapped when a call fails. */
    static StackSlab map(StackGeometry geometry) {
        long slotBytes = geometry.totalBytes();
        int many = guardsByAdvice ? (int) Math.max(1, RESERVED_BYTES / slotBytes) : 1;
        if (many > 1) {
            try {
                return new StackSlab(reserve(geometry, many), geometry, many);
            } catch (SyscallException noRoomForMany) {
                // RLIMIT_AS, or strict overcommit: one at a time, then
            }
        }
        return new StackSlab(reserve(geometry, 1), geometry, 1);
    }

    /** The kernel aligns to pages: with larger ones, there is some space before the first slot. */
    private static Mapping reserve(StackGeometry geometry, int slots) {
        long alignmentBytes = geometry.pages().alignment() - Mapping.pageSize();
        long bytes = alignmentBytes + slots * geometry.totalBytes() + geometry.tlsGuardBytes();
        Mapping mapping = Mapping.anonymous(bytes, Protection.READ_WRITE,
                MapFlags.PRIVATE.with(MapFlags.STACK).with(MapFlags.NORESERVE));
        // After mlockall(MCL_FUTURE) it is locked, and so could have neither such guards nor give pages back.
        mapping.unlock(0, mapping.byteSize());
        return mapping;
    }

    StackGeometry geometry() {
        return geometry;
    }

    boolean hasRoom() {
        return !cold.isEmpty() || made < slots;
    }

    /** A slot that nobody uses, with its guards. */
    StackSlot take() {
        @Nullable
        StackSlot slot = cold.poll();
        if (slot == null) {
            long offset = firstSlot + made * geometry.totalBytes();
            slot = new StackSlot(this, geometry, mapping.address() + offset);
            if (made == 0) {
                installGuard(offset, geometry.tlsGuardBytes());
            }
            installGuard(offset + geometry.guardOffset(), geometry.guardBytes());
            // The next one's, and until there is one, the end for who overruns an array on this one's stack.
            installGuard(offset + geometry.totalBytes(), geometry.tlsGuardBytes());
            made++;
        }
        return slot;
    }

    /**
     * Brings a slot's pages there, if so wished. Takes its time; not under the pool's lock.
     *
     * @throws SyscallException of mlock, or ENOMEM of madvise; the slot is to be given back then
     */
    void fetchPages(StackSlot slot) {
        long offset = offset(slot);
        StackPages pages = geometry.pages();
        if (pages.huge()) {
            wishHugePages(offset);
        }
        if (pages.locked()) {
            mapping.lock(offset + geometry.controlOffset(), geometry.guardOffset() - geometry.controlOffset());
            mapping.lock(offset + geometry.stackOffset(), geometry.stackBytes());
        } else if (pages.prefaulted()) {
            populate(offset);
        }
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
            new StackSlot(this, geometry, mapping.address() + offset).stack().fill((byte) 0); // before Linux 5.14
        }
    }

    /** What isn't a guard. */
    private void adviseUsable(long offset, Advice advice) {
        mapping.advise(offset + geometry.controlOffset(), geometry.guardOffset() - geometry.controlOffset(), advice);
        mapping.advise(offset + geometry.stackOffset(), geometry.stackBytes(), advice);
    }

    /** Makes all of the stack readable and writable again, and locks it again if it was: pages of it may have been replaced. */
    void restore(StackSlot slot) {
        long offset = offset(slot) + geometry.stackOffset();
        mapping.protect(offset, geometry.stackBytes(), Protection.READ_WRITE);
        if (geometry.pages().locked()) {
            mapping.lock(offset, geometry.stackBytes());
        }
    }

    private long offset(StackSlot slot) {
        return slot.address() - mapping.address();
    }

    private void installGuard(long offset, long bytes) {
        if (guardsByAdvice) {
            try {
                mapping.advise(offset, bytes, Advice.GUARD_INSTALL);
                return;
            } catch (SyscallException refused) {
                if (!refused.errno().equals(Errno.EINVAL)) {
                    throw refused;
                }
                guardsByAdvice = false; // a kernel before 6.13
            }
        }
        mapping.protect(offset, bytes, Protection.NONE);
    }

    /** Gives the pages of slots to the kernel; the guards stay. Takes its time; not under the pool's lock. */
    void discard(List<StackSlot> slots) {
        List<StackSlot> sorted = new ArrayList<>(slots);
        sorted.sort(Comparator.comparingLong(StackSlot::address));
        long begin = offset(sorted.getFirst());
        long end = begin;
        for (StackSlot slot : sorted) {
            if (offset(slot) != end) {
                discard(begin, end - begin);
                begin = offset(slot);
            }
            end = offset(slot) + geometry.totalBytes();
        }
        discard(begin, end - begin);
    }

    private void discard(long offset, long bytes) {
        try {
            mapping.advise(offset, bytes, Advice.DONTNEED);
        } catch (SyscallException locked) { // by us, or by somebody's mlockall
            mapping.unlock(offset, bytes);
            mapping.advise(offset, bytes, Advice.DONTNEED);
        }
    }

    /** Takes slots back, for others to take. */
    void giveCold(List<StackSlot> slots) {
        slots.forEach(cold::push);
    }

    /** Whether, but for so many that the caller has, none of its slots is in use or kept warm. */
    boolean isIdleBut(int slotsOfTheCaller) {
        return cold.size() + slotsOfTheCaller == made;
    }

    /** Takes its time; nobody finds it any more. */
    void unmap() {
        KeptMemory.remove(this);
        mapping.close();
    }
}
