package dev.linen.internal.stack;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_slab;
import dev.linen.internal.linux.linen_tls;
import dev.linen.memory.Mapping;
import dev.linen.syscall.AuxiliaryVector;

/**
 * The lower end of a slab: the thread-local block that its threads have in common, below it a guard, and above it a control
 * block for each of its stack buffers. {@code linen.h} has the drawing.
 */
public final class SlabHeader {

    /**
     * What gcc's -fstack-protector compares: from the kernel's 16 random bytes for this process, as glibc takes it. Its
     * lowest byte is 0 and so ends a string that overflows. A secret: it isn't drawn.
     */
    private static final long STACK_GUARD = stackGuard();

    private final MemorySegment slab;

    /**
     * Writes it.
     *
     * @param begin the slab's lowest address
     * @param firstBuffer its first stack buffer's
     */
    SlabHeader(long begin, long firstBuffer, int buffers, StackGeometry geometry) {
        slab = MemorySegment.ofAddress(begin + guardBytes()).reinterpret(linen_slab.sizeof());
        MemorySegment tls = linen_slab.tls(slab);
        linen_tls.self(tls, slab.address());
        linen_tls.magic(tls, LinenH.LINEN_TLS_MAGIC);
        linen_tls.poison(tls, LinenH.LINEN_TLS_MAGIC);
        linen_tls.stack_guard(tls, STACK_GUARD);
        linen_slab.controls(slab, slab.address() + Mapping.pageSize());
        linen_slab.buffers(slab, buffers);
        linen_slab.signal_stack(slab, firstBuffer + geometry.signalStackOffset());
        linen_slab.buffer_bytes(slab, geometry.totalBytes());
    }

    private static long stackGuard() {
        OptionalLong random = AuxiliaryVector.get(Kernel.AT_RANDOM);
        long bytes = random.isPresent()
                ? MemorySegment.ofAddress(random.getAsLong()).reinterpret(Long.BYTES).get(JAVA_LONG_UNALIGNED, 0)
                : LinenH.LINEN_TLS_MAGIC;
        return bytes & ~0xFFL;
    }

    /** How large it is with so many control blocks; in whole pages. */
    public static long bytes(int buffers) {
        return readOnlyBytes() + StackGeometry.roundUp(buffers * linen_control.sizeof(), Mapping.pageSize());
    }

    /** Its part that no thread writes to, from the beginning on: the guard, and the page of the thread-local block. */
    public static long readOnlyBytes() {
        return guardBytes() + Mapping.pageSize();
    }

    public static long guardBytes() {
        return StackGeometry.roundUp(LinenH.LINEN_TLS_GUARD_BYTES, Mapping.pageSize());
    }

    /** What the thread pointer points to: struct linen_slab. */
    MemorySegment threadLocals() {
        return slab;
    }

    /** Where a buffer's struct linen_control is. */
    long control(int buffer) {
        return linen_slab.controls(slab) + buffer * linen_control.sizeof();
    }

    /** Where libc's thread-local storage would be: on both sides of the thread pointer. */
    MemorySegment placeOfLibcs() {
        return MemorySegment.ofAddress(slab.address() - guardBytes()).reinterpret(readOnlyBytes());
    }
}
