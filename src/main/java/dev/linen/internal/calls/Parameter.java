package dev.linen.internal.calls;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A parameter of a system call.
 *
 * @param direction who uses the memory that it points to; {@link Direction#NONE} if it isn't a pointer
 * @param nullable whether a pointer may be NULL
 * @param type the type as it is named in {@code calls.txt}; of a pointer, what it points to
 * @param name the kernel's name of the parameter
 * @param length how many bytes a pointer points to, as in {@code calls.txt}; empty if that is the size of the type
 */
public record Parameter(Direction direction, boolean nullable, String type, String name, String length) {

    /** Who uses the memory that a pointer points to. */
    public enum Direction {
        /** Not a pointer. */
        NONE,
        /** The kernel reads it. */
        IN,
        /** The kernel writes it. */
        OUT,
        /** The kernel reads and writes it. */
        INOUT,
        /** The kernel reads or writes it, depending on another argument. */
        EITHER
    }

    /** A number of which nothing is known. */
    public static final Parameter UNKNOWN = new Parameter(Direction.NONE, false, "long", "", "");

    private static final Pattern FORM = Pattern
            .compile("(?:(in|out|inout|either)(\\?)? )?(\\w+) (\\w+)(?:\\[(.*)\\])?");

    private static final Set<String> OF_64_BITS = Set.of("long", "ulong", "size", "off", "addr", "aio_context", "any");
    private static final Set<String> UNSIGNED_32_BITS = Set.of("uint", "mode", "uid", "gid", "qid");

    /** Names of C that differ from those in the file; others are those of a struct or of C itself. */
    private static final Map<String, String> C_NAMES = Map.ofEntries(Map.entry("cstr", "char"),
            Map.entry("bytes", "void"), Map.entry("pointers", "void *"), Map.entry("uint", "unsigned int"),
            Map.entry("ulong", "unsigned long"), Map.entry("fd", "int"), Map.entry("size", "size_t"),
            Map.entry("off", "loff_t"), Map.entry("pid", "pid_t"), Map.entry("uid", "uid_t"),
            Map.entry("gid", "gid_t"), Map.entry("mode", "mode_t"), Map.entry("any", "unsigned long"),
            Map.entry("addr", "void *"), Map.entry("key", "key_t"), Map.entry("keyserial", "key_serial_t"),
            Map.entry("qid", "qid_t"), Map.entry("clockid", "clockid_t"), Map.entry("rwf", "rwf_t"),
            Map.entry("aio_context", "aio_context_t"), Map.entry("sigset", "sigset_t"),
            Map.entry("fd_set", "fd_set"), Map.entry("siginfo", "siginfo_t"), Map.entry("stack_t", "stack_t"),
            Map.entry("int", "int"), Map.entry("long", "long"), Map.entry("bpf_attr", "union bpf_attr"),
            Map.entry("user_cap_header", "struct __user_cap_header_struct"),
            Map.entry("user_cap_data", "struct __user_cap_data_struct"));

    static Parameter parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(text);
        }
        Direction direction = form.group(1) == null
                ? Direction.NONE
                : Direction.valueOf(form.group(1).toUpperCase(Locale.ROOT));
        return new Parameter(direction, form.group(2) != null, form.group(3), form.group(4),
                Optional.ofNullable(form.group(5)).orElse(""));
    }

    /** Returns whether it is always a pointer. */
    public boolean isPointer() {
        return direction != Direction.NONE;
    }

    /** Returns whether it is a number or a pointer, depending on another argument. */
    public boolean isNumberOrPointer() {
        return type.equals("any");
    }

    /** Returns whether it points to text that ends with a NUL. */
    public boolean isText() {
        return isPointer() && type.equals("cstr");
    }

    /** Returns whether the kernel writes to the memory that it points to, whatever the other arguments are. */
    public boolean isWritten() {
        return direction == Direction.OUT || direction == Direction.INOUT;
    }

    /** Returns whether it is a number of 64 bits; the other numbers have 32. */
    public boolean isLong() {
        return !isPointer() && OF_64_BITS.contains(type);
    }

    /** Returns whether it is an unsigned number of 32 bits. */
    public boolean isUnsignedInt() {
        return !isPointer() && UNSIGNED_32_BITS.contains(type);
    }

    /** Returns the name of its type in C, of a pointer that of what it points to: "struct iovec". */
    public String typeInC() {
        String known = C_NAMES.get(type);
        return known == null ? "struct " + type : known;
    }

    /** Returns its declaration in C: "const struct iovec *vec". */
    public String inC() {
        String constant = direction == Direction.IN ? "const " : "";
        return constant + typeInC() + (typeInC().endsWith("*") ? "" : " ") + (isPointer() ? "*" : "") + name;
    }

    /** Returns its name as is usual in Java: "oldDfd" for "old_dfd". */
    public String nameInJava() {
        return Pattern.compile("_+(\\w)").matcher(name).replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
    }
}
