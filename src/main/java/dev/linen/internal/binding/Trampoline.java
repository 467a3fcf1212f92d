package dev.linen.internal.binding;

import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code liblinen.so}: {@code syscall.c}'s {@code linen_syscall} and {@code thread.c}'s {@code linen_clone}.
 *
 * <p>All calls, of however many arguments, are one downcall: the first one of each shape costs milliseconds, and zeros that
 * nobody needs cost half a nanosecond, which disappears in the kernel's entry. Each handle is {@code static final}, so that
 * the JIT compiles a call down to the native one. None is linked {@code critical}: any system call may block, and a blocked
 * critical call holds up the garbage collector.
 *
 * <p>Where the library can't be loaded, each call throws the reason.
 */
public final class Trampoline {

    private Trampoline() {}

    private static final class Syscall {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall");
    }

    private static final class Clone {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_clone");
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

    /** What a handle threw: unchecked, because a downcall itself throws nothing and a refusal is unchecked. */
    static RuntimeException asIs(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(thrown);
    }
}
