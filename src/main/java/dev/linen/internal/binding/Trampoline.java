package dev.linen.internal.binding;

import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code liblinen.so}: {@code syscall.c}'s seven and {@code thread.c}'s {@code linen_clone}.
 *
 * <p>Each handle sits in a class of its own, so that a program links only the shapes it calls (a first link costs
 * milliseconds), and is {@code static final}, so that the JIT compiles a call down to the native one. None is linked
 * {@code critical}: any system call may block, and a blocked critical call holds up the garbage collector.
 *
 * <p>Where the library can't be loaded, each call throws the reason.
 */
public final class Trampoline {

    private Trampoline() {}

    private static final class Call0 {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall0", 1);
    }

    private static final class Call1 {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall1", 2);
    }

    private static final class Call2 {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall2", 3);
    }

    private static final class Call3 {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall3", 4);
    }

    private static final class Call4 {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall4", 5);
    }

    private static final class Call5 {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall5", 6);
    }

    private static final class Call6 {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_syscall6", 7);
    }

    private static final class Clone {
        static final MethodHandle HANDLE = NativeLibrary.link("linen_clone", 2);
    }

    public static long syscall(long number) {
        try {
            return (long) Call0.HANDLE.invokeExact(number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    public static long syscall(long number, long a) {
        try {
            return (long) Call1.HANDLE.invokeExact(a, number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    public static long syscall(long number, long a, long b) {
        try {
            return (long) Call2.HANDLE.invokeExact(a, b, number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    public static long syscall(long number, long a, long b, long c) {
        try {
            return (long) Call3.HANDLE.invokeExact(a, b, c, number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    public static long syscall(long number, long a, long b, long c, long d) {
        try {
            return (long) Call4.HANDLE.invokeExact(a, b, c, d, number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    public static long syscall(long number, long a, long b, long c, long d, long e) {
        try {
            return (long) Call5.HANDLE.invokeExact(a, b, c, d, e, number);
        } catch (Throwable t) {
            throw asIs(t);
        }
    }

    public static long syscall(long number, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) Call6.HANDLE.invokeExact(a, b, c, d, e, f, number);
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
            return (long) Clone.HANDLE.invokeExact(controlAddress, flags);
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
