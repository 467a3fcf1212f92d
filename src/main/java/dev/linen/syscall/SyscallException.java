package dev.linen.syscall;

import java.io.Serial;
import java.util.Arrays;
import java.util.List;

/**
 * Thrown when a system call fails. It has the call's name, its arguments and the kernel's error.
 *
 * <p>The message looks like a line of {@code strace}:
 *
 * <pre>{@code mprotect(0x7f2c4a000000, 4096, PROT_NONE) failed: ENOMEM (Cannot allocate memory)}</pre>
 */
public final class SyscallException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The name of the call. */
    private final String call;

    /** The arguments, formatted as in C. */
    private final String[] arguments;

    /** The number of the error. */
    private final int errno;

    /**
     * Creates the exception for a failed call.
     *
     * @param call the kernel's name of the call: "mprotect"
     * @param result the result of the call, which is {@code -errno}
     * @param arguments the arguments of the call, formatted as in C by their {@code toString()}; for addresses, pass
     *        the result of {@link #hex}
     * @throws IllegalArgumentException if the result isn't from -4095 to -1
     */
    public SyscallException(String call, long result, Object... arguments) {
        this(call, errno(result), Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    }

    private SyscallException(String call, Errno errno, String[] arguments) {
        super(call + "(" + String.join(", ", arguments) + ") failed: " + errno.describe());
        this.call = call;
        this.arguments = arguments;
        this.errno = errno.number();
    }

    private static Errno errno(long result) {
        return Errno.ofResult(result).orElseThrow(() -> new IllegalArgumentException("a failed system call's result is "
                + "from -4095 to -1, not " + result));
    }

    /**
     * Formats an address or a set of bits as in C.
     *
     * @param number the number, which is treated as unsigned
     * @return "0x7f2c4a000000"
     */
    public static String hex(long number) {
        return "0x" + Long.toHexString(number);
    }

    /**
     * Returns the name of the failed call.
     *
     * @return the name, such as "mprotect"
     */
    public String call() {
        return call;
    }

    /**
     * Returns the arguments of the failed call.
     *
     * @return the arguments in the call's order, formatted as in C
     */
    public List<String> arguments() {
        return List.of(arguments);
    }

    /**
     * Returns the reason why the call failed.
     *
     * @return the kernel's error
     */
    public Errno errno() {
        return new Errno(errno);
    }
}
