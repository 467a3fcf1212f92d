package dev.linen.internal.binding;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The functions of {@code liblinen.so}: {@code syscall.c}'s {@code linen_syscall} and {@code thread.c}'s
 * {@code linen_clone}.
 *
 * <p>All calls that hold no segments use the same downcall, whatever their number of arguments: the first call of each
 * signature costs milliseconds, but unused zeros cost only half a nanosecond, which is negligible compared with entering
 * the kernel. Each handle is {@code static final}, so that the JIT compiler turns a call into a direct native call. None of these is
 * linked as {@code critical}: any system call may block, and a blocked critical call blocks the garbage collector.
 *
 * <p>If the library can't be loaded, each call throws the reason.
 */
public final class Trampoline {

    /** An argument that holds nothing. */
    private static final MemorySegment NONE = MemorySegment.NULL;

    private Trampoline() {}

    private static final class Syscall {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall");
    }

    private static final class HoldingSyscall {
        static final MethodHandle HANDLE = NativeLibrary.linkHolding("linen_syscall");
    }

    private static final class SegmentsSyscall {
        static final MethodHandle HANDLE = NativeLibrary.linkHoldingAll("linen_syscall");
    }

    private static final class Clone {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_clone");
    }

    /** Returns the reason that each call would throw; empty if calls can be made. */
    public static Optional<String> unavailableReason() {
        return NativeLibrary.unavailableReason();
    }

    public static long syscall(long number) {
        return syscall(number, 0, 0, 0, 0, 0, 0);
    }

    public static long syscall(long number, long a) {
        return syscall(number, a, 0, 0, 0, 0, 0);
    }

    public static long syscall(long number, long a, long b) {
        return syscall(number, a, b, 0, 0, 0, 0);
    }

    public static long syscall(long number, long a, long b, long c) {
        return syscall(number, a, b, c, 0, 0, 0);
    }

    public static long syscall(long number, long a, long b, long c, long d) {
        return syscall(number, a, b, c, d, 0, 0);
    }

    public static long syscall(long number, long a, long b, long c, long d, long e) {
        return syscall(number, a, b, c, d, e, 0);
    }

    public static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) Syscall.HANDLE.invokeExact(a, b, c, d, e, f, number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    /**
     * Makes a system call whose first argument is the address of a segment. The segment's arena can't be closed during
     * the call. For calls that block; it costs another shape.
     */
    public static long syscallHolding(long number, MemorySegment a, long b, long c, long d, long e, long f) {
        try {
            return (long) HoldingSyscall.HANDLE.invokeExact(a, b, c, d, e, f, number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    /**
     * Makes a system call, and holds segments during it: none of their arenas can be closed until it has returned. The
     * arguments are still numbers: a segment's address is one of them.
     */
    public static long syscall(long number, long a, long b, long c, long d, long e, long f, MemorySegment p) {
        return syscall(number, a, b, c, d, e, f, p, NONE, NONE, NONE, NONE);
    }

    public static long syscall(long number, long a, long b, long c, long d, long e, long f, MemorySegment p,
            MemorySegment q) {
        return syscall(number, a, b, c, d, e, f, p, q, NONE, NONE, NONE);
    }

    public static long syscall(long number, long a, long b, long c, long d, long e, long f, MemorySegment p,
            MemorySegment q, MemorySegment r) {
        return syscall(number, a, b, c, d, e, f, p, q, r, NONE, NONE);
    }

    public static long syscall(long number, long a, long b, long c, long d, long e, long f, MemorySegment p,
            MemorySegment q, MemorySegment r, MemorySegment s) {
        return syscall(number, a, b, c, d, e, f, p, q, r, s, NONE);
    }

    public static long syscall(long number, long a, long b, long c, long d, long e, long f, MemorySegment p,
            MemorySegment q, MemorySegment r, MemorySegment s, MemorySegment t) {
        try {
            return (long) SegmentsSyscall.HANDLE.invokeExact(a, b, c, d, e, f, number, p, q, r, s, t);
        } catch (Throwable thrown) {
            throw asIs(thrown);
        }
    }

    /**
     * {@code long linen_clone(struct linen_control *control, unsigned long flags)}: starts the thread that the control
     * block describes.
     *
     * @return its tid, or -errno
     */
    public static long clone(long controlAddress, long flags) {
        try {
            return (long) Clone.HANDLE.invokeExact(controlAddress, flags, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    /**
     * Converts an exception of a handle to an unchecked one. It already is unchecked: a downcall throws nothing itself,
     * and the reason why the library can't be loaded is unchecked.
     */
    static RuntimeException asIs(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(thrown);
    }
}
