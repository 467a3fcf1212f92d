package dev.linen.syscall;

import dev.linen.internal.binding.Trampoline;

/**
 * A system call, raw: {@code long syscall(long number, ...)} without libc in between.
 *
 * <p>{@code invoke} puts the number and up to six arguments into the kernel's registers, enters the kernel, and returns
 * what the kernel left there: -4095 to -1 is {@code -errno} (see {@link #isError}), anything else is the call's result.
 * It doesn't throw for a failed call, sets no errno and allocates nothing. Where linen's native part can't be loaded, it
 * throws the reason: {@link UnsupportedOperationException} on another system or CPU, {@link IllegalCallerException} without
 * native access, {@link UnsatisfiedLinkError} otherwise.
 *
 * <pre>{@code
 * long parent = Syscall.invoke(SyscallNumber.GETPPID);
 * long result = Syscall.invoke(SyscallNumber.CLOSE, -1);
 * Errno.ofResult(result);   // Optional[EBADF]
 * }</pre>
 *
 * <p><b>This is as unsafe as C.</b> Arguments are not checked: a call can unmap the heap, close the JVM's files or block
 * signals that the JVM needs. Addresses must be those of native memory that stays alive for the length of the call
 * ({@link java.lang.foreign.MemorySegment#address()} of a native segment; a heap segment's "address" is an offset).
 * A call that blocks, blocks the carrier of a virtual thread too.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/syscall.2.html">syscall(2)</a>
 */
public final class Syscall {

    /** The largest errno; results from its negative to -1 are errors, on every CPU (linux/err.h: MAX_ERRNO). */
    private static final long MAX_ERRNO = 4095;

    private Syscall() {}

    /**
     * Issues a call without arguments.
     *
     * @param number the call, one of {@link SyscallNumber} or any other: -ENOSYS when the kernel doesn't know it
     * @return the kernel's result: -errno in case of an error
     */
    public static long invoke(long number) {
        return Trampoline.syscall(number);
    }

    /**
     * Issues a call with one argument.
     *
     * @param number the call
     * @param a its first argument
     * @return the kernel's result: -errno in case of an error
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
     * @return the kernel's result: -errno in case of an error
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
     * @return the kernel's result: -errno in case of an error
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
     * @return the kernel's result: -errno in case of an error
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
     * @return the kernel's result: -errno in case of an error
     */
    public static long invoke(long number, long a, long b, long c, long d, long e) {
        return Trampoline.syscall(number, a, b, c, d, e);
    }

    /**
     * Issues a call with six arguments, the most that a system call takes.
     *
     * @param number the call
     * @param a its first argument
     * @param b its second argument
     * @param c its third argument
     * @param d its fourth argument
     * @param e its fifth argument
     * @param f its sixth argument
     * @return the kernel's result: -errno in case of an error
     */
    public static long invoke(long number, long a, long b, long c, long d, long e, long f) {
        return Trampoline.syscall(number, a, b, c, d, e, f);
    }

    /**
     * Tells an error from a result; the one place where the kernel's convention is known.
     *
     * @param result what {@code invoke} returned
     * @return whether it is -errno
     */
    public static boolean isError(long result) {
        return result < 0 && result >= -MAX_ERRNO;
    }
}
