package dev.linen.syscall;

import dev.linen.internal.binding.Trampoline;

/**
 * A raw system call, {@code long syscall(long number, ...)}, made without libc.
 *
 * <p>{@code invoke} puts the number and up to six arguments into the kernel's registers, enters the kernel, and returns
 * the kernel's result. A value from -4095 to -1 is {@code -errno} (see {@link #isError}); anything else is the call's
 * result. {@code invoke} doesn't throw if the call fails, sets no errno and allocates nothing. If linen's native
 * library can't be loaded, it throws {@link UnsupportedOperationException} (another operating system or CPU),
 * {@link IllegalCallerException} (no native access) or {@link UnsatisfiedLinkError} (any other reason).
 *
 * <pre>{@code
 * long parent = Syscall.invoke(SyscallNumber.GETPPID);
 * long result = Syscall.invoke(SyscallNumber.CLOSE, -1);
 * Errno.ofResult(result);   // Optional[EBADF]
 * }</pre>
 *
 * <p><b>This is as unsafe as C.</b> Arguments are not checked: a call can unmap the Java heap, close the JVM's files or
 * block signals that the JVM needs. Addresses must point to native memory that stays allocated until the call returns
 * ({@link java.lang.foreign.MemorySegment#address()} of a native segment; the "address" of a heap segment is only an
 * offset). If a virtual thread makes a call that blocks, its carrier thread is blocked too.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/syscall.2.html">syscall(2)</a>
 */
public final class Syscall {

    /** The largest errno. Results from -MAX_ERRNO to -1 are errors, on every CPU (linux/err.h: MAX_ERRNO). */
    private static final long MAX_ERRNO = 4095;

    private Syscall() {}

    /**
     * Issues a call without arguments.
     *
     * @param number the call: one of {@link SyscallNumber} or any other number, of which the kernel takes the lower 32
     *        bits (on x86-64 since Linux 5.14, before it all 64); the result is -ENOSYS if the kernel doesn't know it
     * @return the kernel's result; -errno if the call failed
     */
    public static long invoke(long number) {
        return Trampoline.syscall(number);
    }

    /**
     * Issues a call with one argument.
     *
     * @param number the call
     * @param a its first argument
     * @return the kernel's result; -errno if the call failed
     */
    public static long invoke(long number, long a) {
        return Trampoline.syscall(number, a);
    }

    /**
     * Issues a call with two arguments.
     *
     * @param number the call
     * @param a its first argument
     * @param b its second argument
     * @return the kernel's result; -errno if the call failed
     */
    public static long invoke(long number, long a, long b) {
        return Trampoline.syscall(number, a, b);
    }

    /**
     * Issues a call with three arguments.
     *
     * @param number the call
     * @param a its first argument
     * @param b its second argument
     * @param c its third argument
     * @return the kernel's result; -errno if the call failed
     */
    public static long invoke(long number, long a, long b, long c) {
        return Trampoline.syscall(number, a, b, c);
    }

    /**
     * Issues a call with four arguments.
     *
     * @param number the call
     * @param a its first argument
     * @param b its second argument
     * @param c its third argument
     * @param d its fourth argument
     * @return the kernel's result; -errno if the call failed
     */
    public static long invoke(long number, long a, long b, long c, long d) {
        return Trampoline.syscall(number, a, b, c, d);
    }

    /**
     * Issues a call with five arguments.
     *
     * @param number the call
     * @param a its first argument
     * @param b its second argument
     * @param c its third argument
     * @param d its fourth argument
     * @param e its fifth argument
     * @return the kernel's result; -errno if the call failed
     */
    public static long invoke(long number, long a, long b, long c, long d, long e) {
        return Trampoline.syscall(number, a, b, c, d, e);
    }

    /**
     * Issues a call with six arguments, the maximum.
     *
     * @param number the call
     * @param a its first argument
     * @param b its second argument
     * @param c its third argument
     * @param d its fourth argument
     * @param e its fifth argument
     * @param f its sixth argument
     * @return the kernel's result; -errno if the call failed
     */
    public static long invoke(long number, long a, long b, long c, long d, long e, long f) {
        return Trampoline.syscall(number, a, b, c, d, e, f);
    }

    /**
     * Returns whether a result is an error. This is the only place that implements the kernel's convention.
     *
     * @param result what {@code invoke} returned
     * @return true if it is {@code -errno}
     */
    public static boolean isError(long result) {
        return result < 0 && result >= -MAX_ERRNO;
    }
}
