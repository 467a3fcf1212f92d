package dev.linen.internal.stack;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.linen_exit;
import dev.linen.memory.Mapping;
import dev.linen.syscall.AuxiliaryVector;

/**
 * How large the parts of a stack buffer are and where they start; in bytes, from the buffer's lowest address. The
 * drawing is in {@code linen.h}.
 *
 * @param stackBytes the stack with the exit record on top of it
 * @param guardBytes the guard below the stack
 * @param pages how the kernel keeps the stack's pages
 */
public record StackGeometry(long stackBytes, long guardBytes, StackPages pages) {

    public static final long DEFAULT_STACK_BYTES = 2L << 20;
    public static final long DEFAULT_GUARD_BYTES = 64L << 10;

    /** What POSIX threads ask for at least (PTHREAD_STACK_MIN). */
    public static final long LEAST_STACK_BYTES = 16L << 10;

    /** 128 TiB: what a process on x86-64 has, unless it asks for more. */
    private static final long MOST_BYTES = 1L << 47;

    /** Who overruns an array on the stack of the buffer below, or on the topmost one, ends here. */
    private static final long LEAST_OUTER_GUARD_BYTES = 16L << 10;

    /** A signal may arrive while the handler of another one runs. */
    private static final int SIGNAL_FRAMES = 2;

    /** What signal handlers get for themselves, besides the frames that the kernel writes. */
    private static final long HANDLER_BYTES = 8L << 10;

    /** A larger stack serves if it isn't more than this many times too large. */
    private static final int BEST_FIT_FACTOR = 2;

    public static final StackGeometry DEFAULT = new StackGeometry(DEFAULT_STACK_BYTES, DEFAULT_GUARD_BYTES,
            StackPages.USUAL);

    public StackGeometry {
        stackBytes = roundUp(stackBytes, pages.alignment());
    }

    /**
     * A stack size, rounded up to whole pages.
     *
     * @throws IllegalArgumentException if it is too small or too large
     */
    public static long requireStackSize(long bytes) {
        if (bytes < LEAST_STACK_BYTES || bytes > MOST_BYTES) {
            throw new IllegalArgumentException("a stack has from " + LEAST_STACK_BYTES + " to " + MOST_BYTES
                    + " bytes, not " + bytes);
        }
        return roundUp(bytes, Mapping.pageSize());
    }

    /**
     * A guard size.
     *
     * @throws IllegalArgumentException if it isn't a multiple of the page size, or too large
     */
    public static long requireGuardSize(long bytes) {
        long page = Mapping.pageSize();
        if (bytes < page || bytes > MOST_BYTES || bytes % page != 0) {
            throw new IllegalArgumentException("a guard is one page (" + page + " bytes) or a multiple of it, up to "
                    + MOST_BYTES + ", not " + bytes + " bytes");
        }
        return bytes;
    }

    /** Whether a stack of this geometry may be used where another one is wanted. */
    boolean canServe(StackGeometry wanted) {
        return pages.equals(wanted.pages) && stackBytes >= wanted.stackBytes && guardBytes >= wanted.guardBytes
                && totalBytes() <= BEST_FIT_FACTOR * wanted.totalBytes();
    }

    public long totalBytes() {
        return stackOffset() + stackBytes;
    }

    /** At the buffer's lower end. Takes up what is needed for the stack to start where its pages can. */
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

    /** What the kernel writes when it delivers a signal: it depends on the CPU's registers, so the kernel is asked. */
    private static final class SignalFrame {
        private static final long BEFORE_LINUX_5_14 = 2048; // MINSIGSTKSZ, for CPUs without AVX-512

        static final long BYTES = AuxiliaryVector.get(Kernel.AT_MINSIGSTKSZ).orElse(BEFORE_LINUX_5_14);
    }

    public static long roundUp(long bytes, long multiple) {
        return (bytes + multiple - 1) / multiple * multiple;
    }

    /** Spelled out, as is hashCode: a record's own ones cost a JVM's first thread three milliseconds. */
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
