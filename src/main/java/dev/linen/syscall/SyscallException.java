package dev.linen.syscall;

import java.io.Serial;
import java.util.Arrays;
import java.util.List;

/**
 * A system call that failed: which one, with which arguments, and the kernel's reason.
 *
 * <p>Its message is the line that {@code strace} would print:
 *
 * <pre>{@code mprotect(0x7f2c4a000000, 4096, PROT_NONE) failed: ENOMEM (Cannot allocate memory)}</pre>
 */
public final class SyscallException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The call's name. */
    private final String call;

    /** Its arguments, as C would print them. */
    private final String[] arguments;

    /** The errno's number. */
    private final int errno;

    /**
     * Describes a failed call.
     *
     * @param call the call's name, as in the kernel: "mprotect"
     * @param result what it returned: -errno
     * @param arguments its arguments as C would print them, each by its {@code toString()}; addresses come from
     *        {@link #hex}
     * @throws IllegalArgumentException when the result is no error
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
     * An address or a set of bits as C prints it.
     *
     * @param number the number, unsigned
     * @return "0x7f2c4a000000"
     */
    public static String hex(long number) {
        return "0x" + Long.toHexString(number);
    }

    /**
     * The failed call's name.
     *
     * @return "mprotect"
     */
    public String call() {
        return call;
    }

    /**
     * The failed call's arguments.
     *
     * @return as C would print them, in the call's order
     */
    public List<String> arguments() {
        return List.of(arguments);
    }

    /**
     * Why it failed.
     *
     * @return the kernel's error
     */
    public Errno errno() {
        return new Errno(errno);
    }
}
