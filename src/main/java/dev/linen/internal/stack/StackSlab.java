package dev.linen.internal.stack;

import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.registry.KeptMemory;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * One mapping: a header, and above it stack buffers of the same geometry, numbered from 0. A call for a stack buffer is
 * made by the thread that holds its lease. No call is made while a lock is held, because system calls take time.
 *
 * <p>If the kernel can install guards without mappings of their own (MADV_GUARD_INSTALL, since Linux 6.13), a sleeping
 * thread takes a small fraction of a mapping. On older kernels each guard is a mapping of its own, and so is each part
 * between two guards: four mappings for each thread.
 */
final class StackSlab {

    /** This memory is only reserved: pages that no thread touches cost nothing. */
    private static final long LEAST_RESERVED_BYTES = 64L << 20;

    /**
     * Slabs grow, so that many threads need few of them: each slab takes two mappings, because its header is read-only.
     */
    private static final long MOST_RESERVED_BYTES = 1L << 30;

    /**
     * A new slab has at most this fraction of the existing size, so that unused slots take little of a process's memory
     * limit.
     */
    private static final int GROWTH = 4;

    /** MADV_GUARD_INSTALL writes a page table entry for each page; of a larger guard, a mapping costs less. */
    private static final long MOST_ADVISED_BYTES = 1L << 20;

    private static volatile boolean guardsByAdvice = true;
    private static volatile boolean guardsVerified;

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
        mapping.protect(0, ThreadLocals.bytes(), Protection.READ);
        installGuard(ThreadLocals.ofThisCpu().guardOffset(), ThreadLocals.guardBytes());
        KeptMemory.add(this, mapping.address(), mapping.byteSize());
    }

    /**
     * Maps a slab. Nothing stays mapped if a call fails.
     *
     * @param existingBytes the total size of the existing slabs of this geometry
     */
    static StackSlab map(StackGeometry geometry, long existingBytes) {
        long reserved = Math.clamp(existingBytes / GROWTH, LEAST_RESERVED_BYTES, MOST_RESERVED_BYTES);
        int modest = (int) (LEAST_RESERVED_BYTES / geometry.totalBytes());
        // If the requested size can't be mapped, a much smaller one is tried, to leave memory for the JVM.
        for (int slots = (int) (reserved / geometry.totalBytes()); slots > 1; slots = Math.min(slots / 2, modest)) {
            try {
                return mapSlots(geometry, slots);
            } catch (SyscallException noRoomForMany) {
                // RLIMIT_AS, or strict overcommit: try fewer slots
            }
        }
        return mapSlots(geometry, 1);
    }

    private static StackSlab mapSlots(StackGeometry geometry, int slots) {
        Mapping mapping = reserve(geometry, slots);
        try {
            // After mlockall(MCL_FUTURE) the mapping is locked: all its pages would be loaded at once, and guards
            // couldn't be installed.
            mapping.unlock(0, mapping.byteSize());
            if (!geometry.pages().huge()) {
                declineHugePages(mapping);
            }
            return new StackSlab(mapping, geometry, slots);
        } catch (RuntimeException | Error failed) {
            mapping.close();
            throw failed;
        }
    }

    /** The kernel aligns mappings to small pages only. For huge pages, there is some space before the first slot. */
    private static Mapping reserve(StackGeometry geometry, int slots) {
        long alignmentBytes = geometry.pages().alignment() - Mapping.pageSize();
        long bytes = SlabHeader.bytes(slots) + alignmentBytes + slots * geometry.totalBytes()
                + geometry.outerGuardBytes();
        return Mapping.anonymous(bytes, Protection.NONE,
                MapFlags.PRIVATE.with(MapFlags.STACK).with(MapFlags.NORESERVE));
    }

    /**
     * Before Linux 6.7, MAP_STACK doesn't mean this. If all memory may have huge pages, the first touch of a stack that
     * contains one would take 2 MiB, which would all be counted as used.
     */
    private static void declineHugePages(Mapping mapping) {
        try {
            mapping.advise(0, mapping.byteSize(), Advice.NOHUGEPAGE);
        } catch (SyscallException none) {
            // EINVAL: the kernel doesn't support huge pages
        }
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

    /** Returns the number of stack buffers that fit. */
    int slots() {
        return slots;
    }

    /** Returns the lowest address of a stack buffer. */
    long address(int slot) {
        return mapping.address() + offset(slot);
    }

    private long offset(int slot) {
        return firstSlot + slot * geometry.totalBytes();
    }

    /**
     * Prepares a stack buffer for use: installs its guards, and loads its pages if its geometry requires that.
     *
     * @param guarded whether its guards have been installed before
     * @throws SyscallException from madvise, mprotect or mlock
     */
    void equip(int slot, boolean guarded) {
        long offset = offset(slot);
        if (!guarded) {
            installGuard(offset, geometry.outerGuardBytes());
            installGuard(offset + geometry.guardOffset(), geometry.guardBytes());
            // The outer guard of the next buffer. Until that is used, it is the guard for an array that is overrun on
            // this stack.
            installGuard(offset + geometry.totalBytes(), geometry.outerGuardBytes());
        }
        if (!guardsByAdvice) {
            open(offset);
        }
        fetchPages(slot);
    }

    void fetchPages(int slot) {
        long offset = offset(slot);
        StackPages pages = geometry.pages();
        if (pages.huge()) {
            requestHugePages(offset);
        }
        if (pages.locked()) {
            mapping.lock(ThreadLocals.ofThisCpu().pageOffset(), Mapping.pageSize());
            lockControl(slot);
            mapping.lock(offset + geometry.signalStackOffset(), geometry.signalStackBytes());
            mapping.lock(offset + geometry.stackOffset(), geometry.stackBytes());
        } else if (pages.prefaulted()) {
            populate(offset);
        }
    }

    /**
     * Locks whole pages, which contain neighbouring control blocks, too. They stay locked, because a neighbour may need
     * it.
     */
    private void lockControl(int slot) {
        long begin = header.control(slot) - mapping.address();
        long pageBegin = begin / Mapping.pageSize() * Mapping.pageSize();
        mapping.lock(pageBegin, header.control(slot + 1) - mapping.address() - pageBegin);
    }

    private void requestHugePages(long offset) {
        try {
            adviseUsable(offset, Advice.HUGEPAGE);
        } catch (SyscallException none) {
            // EINVAL: the kernel doesn't support huge pages
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

    /** Advises the kernel about the parts that aren't guards. */
    private void adviseUsable(long offset, Advice advice) {
        mapping.advise(offset + geometry.signalStackOffset(), geometry.signalStackBytes(), advice);
        mapping.advise(offset + geometry.stackOffset(), geometry.stackBytes(), advice);
    }

    /**
     * Makes the whole stack readable and writable again, because the JVM may have protected or replaced pages of it.
     * Locks it again if it was locked.
     */
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

    /**
     * Returns whether the kernel supports such guards. It also returns EINVAL for locked memory, which the process may
     * have caused by mlockall; then the memory is unlocked and the call repeated.
     */
    private boolean adviseGuard(long offset, long bytes) {
        for (boolean locked : new boolean[]{true, false}) {
            try {
                mapping.advise(offset, bytes, Advice.GUARD_INSTALL);
                return isGuarded(mapping.address() + offset);
            } catch (SyscallException refused) {
                if (!refused.errno().equals(Errno.EINVAL)) {
                    throw refused;
                }
                if (locked) {
                    mapping.unlock(offset, bytes);
                }
            }
        }
        return false; // a kernel older than 6.13
    }

    /**
     * Returns whether the first guard can't be read, as it must be. Emulators of a kernel (qemu-user, for one) take advice
     * that they don't know for a success, because most advice needn't be followed. The call compares the word, which is
     * 0 if it can be read, with 1: it returns EAGAIN then, and EFAULT for a guard.
     */
    private static boolean isGuarded(long address) {
        if (!guardsVerified) {
            guardsVerified = Syscall.invoke(SyscallNumber.FUTEX, address, Kernel.FUTEX_WAIT_PRIVATE, /* expected */ 1,
                    /* timeout */ 0) != Errno.EAGAIN.result();
        }
        return guardsVerified;
    }

    /** Discards the pages of neighbouring stack buffers. Their guards stay. */
    void discard(int first, int count) {
        discard(offset(first), count * geometry.totalBytes());
        if (!guardsByAdvice) {
            shut(offset(first), count * geometry.totalBytes());
        }
    }

    private void discard(long offset, long bytes) {
        try {
            mapping.advise(offset, bytes, Advice.DONTNEED);
        } catch (SyscallException locked) { // locked by linen, or by mlockall
            mapping.unlock(offset, bytes);
            mapping.advise(offset, bytes, Advice.DONTNEED);
        }
    }

    /**
     * If guards are mappings, gives neighbouring cold stack buffers the same protection, so that the kernel merges them
     * into one mapping. They stay readable, because a signal handler that searches for its thread's tid may read them.
     */
    private void shut(long offset, long bytes) {
        try {
            mapping.protect(offset, bytes, Protection.READ);
        } catch (SyscallException tooManyMappings) {
            // they remain separate mappings
        }
    }

    private void open(long offset) {
        mapping.protect(offset, geometry.totalBytes(), Protection.NONE);
        mapping.protect(offset + geometry.signalStackOffset(), geometry.signalStackBytes(), Protection.READ_WRITE);
        mapping.protect(offset + geometry.stackOffset(), geometry.stackBytes(), Protection.READ_WRITE);
    }

    /** Unmaps the whole slab. */
    void unmap() {
        KeptMemory.remove(this);
        mapping.close();
    }
}
