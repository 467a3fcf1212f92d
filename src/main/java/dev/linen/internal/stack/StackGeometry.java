package dev.linen.internal.stack;

import java.util.OptionalLong;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.Machine;
import dev.linen.internal.linux.linen_exit;
import dev.linen.memory.Mapping;
import dev.linen.syscall.AuxiliaryVector;

/**
 * The sizes and offsets of the parts of a stack buffer, in bytes from its lowest address. {@code linen.h} has a
 * drawing.
 *
 * @param stackBytes the size of the stack, including the exit record at its top
 * @param guardBytes the size of the guard below the stack
 * @param pages how the kernel manages the stack's pages
 */
public record StackGeometry(long stackBytes, long guardBytes, StackPages pages) {

    public static final long DEFAULT_STACK_BYTES = 2L << 20;
    public static final long DEFAULT_GUARD_BYTES = 64L << 10;

    /** The minimum for POSIX threads (PTHREAD_STACK_MIN). */
    public static final long LEAST_STACK_BYTES = 16L << 10;

    /** 128 TiB: the address space of a process on x86-64, unless it asks for more. A kernel for aarch64 may have less. */
    private static final long MOST_BYTES = 1L << 47;

    /** The minimum size of the guard for an array that is overrun on the stack below. */
    private static final long LEAST_OUTER_GUARD_BYTES = 16L << 10;

    /** A signal may arrive while the handler of another one runs. */
    private static final int SIGNAL_FRAMES = 2;

    /** The stack of the signal handlers themselves, in addition to the frames that the kernel writes. */
    private static final long HANDLER_BYTES = 8L << 10;

    /** A larger stack may be used if it is at most this many times as large. */
    private static final int BEST_FIT_FACTOR = 2;

    public static final StackGeometry DEFAULT = new StackGeometry(DEFAULT_STACK_BYTES, DEFAULT_GUARD_BYTES,
            StackPages.USUAL);

    public StackGeometry {
        stackBytes = roundUp(stackBytes, pages.alignment());
    }

    /**
     * Checks a stack size, and rounds it up to whole pages.
     *
     * @throws IllegalArgumentException if the size is too small or too large
     */
    public static long requireStackSize(long bytes) {
        if (bytes < LEAST_STACK_BYTES || bytes > MOST_BYTES) {
            throw new IllegalArgumentException("the size of a stack must be from " + LEAST_STACK_BYTES + " to "
                    + MOST_BYTES + " bytes, not " + bytes);
        }
        return roundUp(bytes, Mapping.pageSize());
    }

    /**
     * Checks a guard size.
     *
     * @throws IllegalArgumentException if the size isn't a multiple of the page size, or is too small or too large
     */
    public static long requireGuardSize(long bytes) {
        long page = Mapping.pageSize();
        if (bytes < page || bytes > MOST_BYTES || bytes % page != 0) {
            throw new IllegalArgumentException("the size of a guard must be a multiple of the page size, " + page
                    + " bytes, up to " + MOST_BYTES + ", not " + bytes);
        }
        return bytes;
    }

    /** Returns whether a stack of this geometry may be used where another one is requested. */
    boolean canServe(StackGeometry wanted) {
        return pages.equals(wanted.pages) && stackBytes >= wanted.stackBytes && guardBytes >= wanted.guardBytes
                && totalBytes() <= BEST_FIT_FACTOR * wanted.totalBytes();
    }

    public long totalBytes() {
        return stackOffset() + stackBytes;
    }

    /**
     * Returns the size of the guard at the buffer's lower end. It includes the padding that aligns the stack to its
     * pages.
     */
    public long outerGuardBytes() {
        long above = signalStackBytes() + guardBytes;
        long least = roundUp(LEAST_OUTER_GUARD_BYTES, Mapping.pageSize());
        return roundUp(least + above, pages.alignment()) - above;
    }

    public long signalStackOffset() {
        return outerGuardBytes();
    }

    public long signalStackBytes() {
        return roundUp(SIGNAL_FRAMES * SignalFrame.BYTES + HANDLER_BYTES, Mapping.pageSize());
    }

    public long guardOffset() {
        return signalStackOffset() + signalStackBytes();
    }

    public long stackOffset() {
        return guardOffset() + guardBytes;
    }

    public long exitOffset() {
        return totalBytes() - linen_exit.sizeof();
    }

    /**
     * The size of the frame that the kernel writes when it delivers a signal. The kernel is asked, because the size
     * depends on the CPU's registers.
     */
    private static final class SignalFrame {
        static final long BYTES = bytes();

        private static long bytes() {
            OptionalLong kernels = AuxiliaryVector.get(Kernel.AT_MINSIGSTKSZ);
            return kernels.isPresent() ? kernels.getAsLong() : constant();
        }

        /** Of kernels before Linux 5.14 on x86-64, without AVX-512; of emulators on aarch64, without SVE. */
        private static long constant() {
            return Machine.THIS == Machine.AARCH64
                    ? dev.linen.internal.linux.aarch64.Cpu.MINSIGSTKSZ()
                    : dev.linen.internal.linux.x86_64.Cpu.MINSIGSTKSZ();
        }
    }

    public static long roundUp(long bytes, long multiple) {
        return (bytes + multiple - 1) / multiple * multiple;
    }

    /**
     * Written by hand, like hashCode, because the methods that a record gets by default delay the first start by three
     * milliseconds.
     */
    @Override
    public boolean equals(Object other) {
        return other instanceof StackGeometry geometry && stackBytes == geometry.stackBytes
                && guardBytes == geometry.guardBytes && pages.equals(geometry.pages);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Long.hashCode(stackBytes) + Long.hashCode(guardBytes)) + pages.hashCode();
    }
}
