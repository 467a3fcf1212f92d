package dev.linen.syscall;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.linen.internal.linux.Machine;
import dev.linen.syscall.abi.Aarch64;
import dev.linen.syscall.abi.Bpf;
import dev.linen.syscall.abi.Epoll;
import dev.linen.syscall.abi.Fcntl;
import dev.linen.syscall.abi.Futex;
import dev.linen.syscall.abi.IoUring;
import dev.linen.syscall.abi.Ioctl;
import dev.linen.syscall.abi.Ipc;
import dev.linen.syscall.abi.Key;
import dev.linen.syscall.abi.Landlock;
import dev.linen.syscall.abi.Mman;
import dev.linen.syscall.abi.Mount;
import dev.linen.syscall.abi.Perf;
import dev.linen.syscall.abi.Prctl;
import dev.linen.syscall.abi.Sched;
import dev.linen.syscall.abi.Seccomp;
import dev.linen.syscall.abi.Signal;
import dev.linen.syscall.abi.Socket;
import dev.linen.syscall.abi.Time;
import dev.linen.syscall.abi.X86_64;

/**
 * The constants of {@link dev.linen.syscall.abi} by their names in C, with the values that they have on this CPU.
 *
 * <pre>{@code
 * Constants.value("O_CLOEXEC");                    // OptionalLong[524288]
 * Constants.parse("O_RDONLY|O_CLOEXEC|0x10");      // 524304
 * Constants.startingWith("SOCK_");                 // {SOCK_CLOEXEC=524288, SOCK_DCCP=6, …}
 * }</pre>
 *
 * <p>For people and tools: the first use loads all classes with constants, a tenth of a second in a cold JVM. Programs use
 * the constants themselves.
 */
public final class Constants {

    private Constants() {}

    /** The classes with constants; those of other CPUs than this one are left out. */
    static List<Class<?>> classes() {
        return List.of(Bpf.class, Epoll.class, Fcntl.class, Futex.class, IoUring.class, Ioctl.class, Ipc.class,
                Key.class, Landlock.class, Mman.class, Mount.class, Perf.class, Prctl.class, Sched.class,
                Seccomp.class, Signal.class, Socket.class, Time.class,
                Machine.THIS == Machine.AARCH64 ? Aarch64.class : X86_64.class);
    }

    /** All constants, read from the classes at the first use. */
    private static final class ByName {
        static final SortedMap<String, Long> VALUES = read();

        private static SortedMap<String, Long> read() {
            SortedMap<String, Long> values = new TreeMap<>();
            for (Class<?> type : classes()) {
                for (Field field : type.getDeclaredFields()) {
                    // Coverage tools add private fields.
                    if (Modifier.isPublic(field.getModifiers())) {
                        try {
                            values.put(field.getName(), field.getLong(null)); // ints, too, with their sign
                        } catch (IllegalAccessException e) {
                            throw new AssertionError(e); // can't happen: public fields of public classes
                        }
                    }
                }
            }
            return Collections.unmodifiableSortedMap(values);
        }
    }

    /**
     * Returns the value of a constant. An int is widened with its sign: {@code EPOLLET} is -2147483648.
     *
     * @param name the name in C: {@code "O_CLOEXEC"}
     * @return the value; empty if there is no such constant on this CPU
     */
    public static OptionalLong value(String name) {
        Objects.requireNonNull(name, "name");
        Long value = ByName.VALUES.get(name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }

    /**
     * Returns the constants whose names begin in the same way.
     *
     * @param prefix how they begin: {@code "MADV_"}; nothing for all constants
     * @return the values by name; can't be modified
     */
    public static SortedMap<String, Long> startingWith(String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        return prefix.isEmpty()
                ? ByName.VALUES
                : ByName.VALUES.subMap(prefix, prefix.substring(0, prefix.length() - 1)
                        + (char) (prefix.charAt(prefix.length() - 1) + 1));
    }

    /**
     * Evaluates constants and numbers that are joined by {@code |}, as strace and C write flags.
     *
     * @param expression names and decimal, octal (01) or hexadecimal (0x1) numbers: {@code "O_RDONLY|O_CLOEXEC|0x10"}
     * @return the value
     * @throws IllegalArgumentException if a part is neither a constant nor a number; the message names it
     */
    public static long parse(String expression) {
        long value = 0;
        for (String part : expression.split("\\|", -1)) {
            String trimmed = part.strip();
            OptionalLong constant = value(trimmed);
            value |= constant.isPresent() ? constant.getAsLong() : number(trimmed);
        }
        return value;
    }

    private static long number(String text) {
        try {
            boolean isHex = text.startsWith("0x") || text.startsWith("0X");
            return isHex ? Long.parseUnsignedLong(text.substring(2), 16) : Long.decode(text);
        } catch (NumberFormatException neither) {
            throw new IllegalArgumentException("neither a constant nor a number: '" + text + "'", neither);
        }
    }
}
