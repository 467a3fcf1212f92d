package dev.linen.syscall;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.Parameter;
import dev.linen.internal.calls.SystemCall;
import dev.linen.syscall.abi.Fcntl;

/**
 * System calls as {@code strace} prints them: flags by name, text in quotes, other memory by its address and size.
 *
 * <pre>{@code
 * CallFormat.of("openat", AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
 * // openat(AT_FDCWD, "/etc/hostname", O_RDONLY|O_CLOEXEC, 0)
 * }</pre>
 *
 * <p>For people: the first use takes some milliseconds.
 */
public final class CallFormat {

    /** Longer text is cut. */
    private static final int MOST_TEXT = 64;

    /** Larger numbers of 64 bits are printed in hexadecimal: most are addresses or sets of bits. */
    private static final long LEAST_HEX = 1 << 20;

    private static final int FIRST_PRINTABLE = ' ';
    private static final int DELETE = 0x7f;

    private CallFormat() {}

    /**
     * Returns a call as text.
     *
     * @param call the kernel's name of the call; any other name is possible, too
     * @param arguments its arguments: numbers, and segments for pointers
     * @return the call with its arguments
     */
    public static String of(String call, Object... arguments) {
        return call + "(" + String.join(", ", arguments(call, arguments)) + ")";
    }

    /** Returns the exception for a failed call. */
    static SyscallException failed(String call, long result, Object... arguments) {
        return new SyscallException(call, result, arguments(call, arguments).toArray());
    }

    private static List<String> arguments(String call, Object... arguments) {
        List<Parameter> parameters = CallTable.of(call).map(SystemCall::parameters).orElse(List.of());
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            Parameter parameter = i < parameters.size() ? parameters.get(i) : Parameter.UNKNOWN;
            texts.add(switch (arguments[i]) {
                case MemorySegment segment -> memory(parameter, segment);
                case Number number -> ConstantSet.of(call, parameter.name()).map(set -> set.print(number.longValue()))
                        .orElseGet(() -> number(parameter, number));
                default -> String.valueOf(arguments[i]);
            });
        }
        return texts;
    }

    private static String memory(Parameter parameter, MemorySegment segment) {
        if (segment.address() == 0 && segment.isNative()) {
            return "NULL";
        }
        boolean readable = segment.scope().isAlive() && segment.isAccessibleBy(Thread.currentThread());
        return parameter.isText() && readable
                ? quoted(segment)
                : hex(segment.address()) + " [" + segment.byteSize() + " bytes]";
    }

    private static String quoted(MemorySegment segment) {
        int length = 0;
        while (length < segment.byteSize() && segment.get(ValueLayout.JAVA_BYTE, length) != 0 && length <= MOST_TEXT) {
            length++;
        }
        byte[] bytes = segment.asSlice(0, Math.min(length, MOST_TEXT)).toArray(ValueLayout.JAVA_BYTE);
        StringBuilder text = new StringBuilder("\"");
        new String(bytes, StandardCharsets.UTF_8).chars().forEach(each -> text.append(switch (each) {
            case '\n' -> "\\n";
            case '\t' -> "\\t";
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            default -> each < FIRST_PRINTABLE || each == DELETE ? "\\" + Integer.toOctalString(each) : "" + (char) each;
        }));
        return text.append(length > MOST_TEXT ? "\"..." : "\"").toString();
    }

    private static String number(Parameter parameter, Number number) {
        long value = parameter.isUnsignedInt() ? Integer.toUnsignedLong(number.intValue()) : number.longValue();
        if (parameter.type().equals("fd") && value == Fcntl.AT_FDCWD) {
            return "AT_FDCWD";
        }
        boolean isAddress = parameter.isPointer() || parameter.type().equals("addr") || parameter.name().equals("addr");
        if (isAddress) {
            return value == 0 ? "NULL" : hex(value);
        }
        boolean large = parameter.isLong() && (value >= LEAST_HEX || value < -LEAST_HEX);
        return large ? hex(value) : Long.toString(value);
    }
}
