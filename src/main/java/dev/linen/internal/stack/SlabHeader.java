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
 * The lower end of a slab: the thread-local block that its threads share, a guard below it, and above it a control
 * block for each of the stack buffers. {@code linen.h} has a drawing.
 */
public final class SlabHeader {

    /**
     * The value that gcc's -fstack-protector compares. It is taken from the kernel's 16 random bytes for this process,
     * as glibc does. Its lowest byte is 0, which ends a string that overflows. It is secret, so sketches don't show it.
     */
    private static final long STACK_GUARD = stackGuard();

    private final MemorySegment slab;

    /**
     * Writes the header.
     *
     * @param begin the lowest address of the slab
     * @param firstBuffer the address of its first stack buffer
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

    /** Returns the size of a header with this many control blocks, rounded up to whole pages. */
    public static long bytes(int buffers) {
        return readOnlyBytes() + StackGeometry.roundUp(buffers * linen_control.sizeof(), Mapping.pageSize());
    }

    /**
     * Returns the size of the read-only part, which starts at the beginning: the guard, and the page of the
     * thread-local block.
     */
    public static long readOnlyBytes() {
        return guardBytes() + Mapping.pageSize();
    }

    public static long guardBytes() {
        return StackGeometry.roundUp(LinenH.LINEN_TLS_GUARD_BYTES, Mapping.pageSize());
    }

    /** Returns the memory at the thread pointer: struct linen_slab. */
    MemorySegment threadLocals() {
        return slab;
    }

    /** Returns the address of a buffer's struct linen_control. */
    long control(int buffer) {
        return linen_slab.controls(slab) + buffer * linen_control.sizeof();
    }

    /** Returns the memory where libc's thread-local storage would be: on both sides of the thread pointer. */
    MemorySegment libcThreadLocals() {
        return MemorySegment.ofAddress(slab.address() - guardBytes()).reinterpret(readOnlyBytes());
    }
}
