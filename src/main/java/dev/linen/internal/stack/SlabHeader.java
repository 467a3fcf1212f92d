package dev.linen.internal.stack;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_slab;
import dev.linen.memory.Mapping;
import dev.linen.syscall.AuxiliaryVector;

/**
 * The lower end of a slab: the {@linkplain ThreadLocals thread-local block} that its threads share, with its guard, and
 * above them a control block for each of the stack buffers. {@code linen.h} has a drawing.
 */
public final class SlabHeader {

    /**
     * The value that gcc's -fstack-protector compares. It is taken from the kernel's 16 random bytes for this process,
     * as glibc does. Its lowest byte is 0, which ends a string that overflows. It is secret, so sketches don't show it.
     */
    private static final long STACK_GUARD = stackGuard();

    private static final ThreadLocals LOCALS = ThreadLocals.ofThisCpu();

    private final MemorySegment tls;
    private final MemorySegment slab;

    /**
     * Writes the header.
     *
     * @param begin the lowest address of the slab
     * @param firstBuffer the address of its first stack buffer
     */
    SlabHeader(long begin, long firstBuffer, int buffers, StackGeometry geometry) {
        tls = MemorySegment.ofAddress(begin + LOCALS.pointerOffset()).reinterpret(LOCALS.layout().byteSize());
        slab = MemorySegment.ofAddress(LOCALS.slab(tls.address())).reinterpret(linen_slab.sizeof());
        LOCALS.fill(tls, STACK_GUARD);
        linen_slab.controls(slab, begin + ThreadLocals.bytes());
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
        return ThreadLocals.bytes() + StackGeometry.roundUp(buffers * linen_control.sizeof(), Mapping.pageSize());
    }

    /** Returns what the thread pointer points to: struct linen_tls. */
    MemorySegment threadLocals() {
        return tls;
    }

    /** Returns the address of a buffer's struct linen_control. */
    long control(int buffer) {
        return linen_slab.controls(slab) + buffer * linen_control.sizeof();
    }

    /** Returns the memory where libc's thread-local storage would be: on both sides of the thread pointer. */
    MemorySegment libcThreadLocals() {
        return MemorySegment.ofAddress(LOCALS.begin(tls.address())).reinterpret(ThreadLocals.bytes());
    }
}
