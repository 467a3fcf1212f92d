package dev.linen.syscall;

import static dev.linen.syscall.abi.Mman.MAP_ANONYMOUS;
import static dev.linen.syscall.abi.Mman.MAP_PRIVATE;
import static dev.linen.syscall.abi.Mman.PROT_READ;
import static dev.linen.syscall.abi.Mman.PROT_WRITE;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.SystemCall;
import dev.linen.internal.linux.Machine;

/** A line of the tables in src/test/resources/calls: success.txt describes the form. */
class CallLine {

    private static final Pattern STEP = Pattern.compile("(?:(\\w+) = )?(?:(\\w+)\\((.*)\\)((?: E\\w+)*)|(.*))");

    /** What a container, a user who isn't root, an older kernel or an option of the kernel makes of a call. */
    private static final Set<String> REFUSALS = Set.of("EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP", "EROFS", "ENOMEM",
            "EMFILE", "ENFILE");

    private static final String SKIP = "skip ";

    /** An address without memory. */
    private static final long BAD = 0xbad;

    /** How the last step is called. */
    interface Caller {

        /** Returns the result, or a negated errno. */
        long call(String name, List<Object> arguments) throws ReflectiveOperationException;
    }

    private final String line;
    private final Caller caller;

    /** The argument of the last step that is moved to a page without write access; -1 for none. */
    private final int readOnly;

    private Path folder = Path.of("");
    private String error = "";
    private long result;

    private CallLine(String line, int readOnly, Caller caller) {
        this.line = line;
        this.caller = caller;
        this.readOnly = readOnly;
    }

    CallLine(String line) {
        this(line, CallLine::call);
    }

    CallLine(String line, Caller caller) {
        this(line, -1, caller);
    }

    static List<String> lines(Path table) throws IOException {
        return Files.readAllLines(table).stream().filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
    }

    /** Returns the calls that have neither a line nor a reason. */
    static Set<String> missing(Path table) throws IOException {
        Set<String> missing = new TreeSet<>(
                CallTable.all().stream().filter(SystemCall::hasMethod).map(SystemCall::name).toList());
        for (String line : lines(table)) {
            missing.removeAll(line.startsWith(SKIP) ? skipped(line) : List.of(callOf(line)));
        }
        return missing;
    }

    private static List<String> skipped(String line) {
        return List.of(line.substring(SKIP.length()).replaceFirst(":.*", "").split(" "));
    }

    /** Returns the name of the call that a line is about. */
    static String callOf(String line) {
        return line.replaceFirst(".*; ", "").replaceFirst("^\\w+ = ", "").replaceFirst("\\(.*", "");
    }

    /** aarch64 doesn't have the oldest calls, nor the names that only they need. */
    static boolean isOfThisCpu(String name) {
        SystemCall call = CallTable.of(name).orElseThrow();
        return (Machine.THIS == Machine.AARCH64 ? call.numberOnArm() : call.numberOnX86()).isPresent();
    }

    /** Runs a line in a new folder, on a thread of its own, because some calls change the thread. */
    static String inThread(String path, String line, int readOnly) throws IOException, InterruptedException {
        return new CallLine(line, readOnly, CallLine::call).inThread(path);
    }

    /** Runs this line in a new folder, on a thread of its own; returns nothing, "refused ERRNO", or what is wrong. */
    String inThread(String path) throws IOException, InterruptedException {
        folder = Files.createTempDirectory(Path.of(path), "x");
        Files.writeString(folder.resolve("f"), "12345678");
        Files.createDirectory(folder.resolve("d"));
        String[] outcome = {"no outcome"};
        Thread thread = new Thread(() -> outcome[0] = run());
        thread.start();
        thread.join();
        return outcome[0];
    }

    /** Returns the errno of the last step that has run; nothing if it succeeded. */
    String error() {
        return error;
    }

    /** Returns the result of the last step that has run. */
    long result() {
        return result;
    }

    /**
     * Returns the bytes of each segment that the last step was called with, or that has a name. The address of one of
     * them, which differs from run to run, is its index.
     */
    List<String> bytes() {
        List<MemorySegment> all = Stream.concat(lastMemory.stream(), named.values().stream()
                .filter(MemorySegment.class::isInstance).map(MemorySegment.class::cast)).toList();
        return all.stream().map(memory -> {
            String bytes = HexFormat.of().formatHex(memory.toArray(JAVA_BYTE));
            for (int i = 0; i < all.size(); i++) {
                if (all.get(i).address() != 0) {
                    bytes = bytes.replace(HexFormat.of().toHexDigits(Long.reverseBytes(all.get(i).address())),
                            "<" + i + ">");
                }
            }
            return bytes;
        }).toList();
    }

    /** Returns the errnos that are right for the last step. */
    String expected() {
        return line.replaceFirst(".*\\)", "").strip();
    }

    private static MemorySegment onReadOnlyPage(MemorySegment memory) {
        long bytes = 8192;
        long address = Syscall.invoke(SyscallNumber.MMAP, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1,
                0);
        MemorySegment page = MemorySegment.ofAddress(address).reinterpret(memory.byteSize());
        page.copyFrom(memory);
        assertEquals(0, Syscall.invoke(SyscallNumber.MPROTECT, address, bytes, PROT_READ));
        return page;
    }

    private final Map<String, Object> named = new LinkedHashMap<>();
    private final List<MemorySegment> lastMemory = new ArrayList<>();
    private final Arena arena = Arena.ofAuto();

    /** Returns nothing, or "refused ERRNO", or what is wrong. */
    private String run() {
        if (!isOfThisCpu(callOf(line))) {
            return "refused ENOSYS";
        }
        try {
            String[] steps = line.split("; ");
            for (int i = 0; i < steps.length; i++) {
                Matcher step = STEP.matcher(steps[i]);
                if (!step.matches()) {
                    return "not a step: " + steps[i];
                }
                if (step.group(2) == null || step.group(2).matches("buf|iov")) {
                    named.put(step.group(1), value(steps[i].replaceFirst("^\\w+ = ", "")));
                    continue;
                }
                List<Object> arguments = arguments(step.group(3));
                if (readOnly >= 0 && i + 1 == steps.length) {
                    if (!(arguments.get(readOnly) instanceof MemorySegment memory) || memory.address() == 0) {
                        return "not memory";
                    }
                    arguments.set(readOnly, onReadOnlyPage(memory));
                }
                boolean isLast = i + 1 == steps.length;
                result = isLast ? caller.call(step.group(2), arguments) : call(step.group(2), arguments);
                if (isLast) {
                    arguments.stream().filter(MemorySegment.class::isInstance).map(MemorySegment.class::cast)
                            .forEach(lastMemory::add);
                }
                error = Errno.ofResult(result).map(Errno::toString).orElse("");
                if (step.group(1) != null) {
                    named.put(step.group(1), result);
                }
                if (!error.isEmpty() && !List.of(step.group(4).strip().split(" ")).contains(error)) {
                    // In a user namespace without that user, it is EINVAL.
                    boolean noSuchUser = !isLast && step.group(2).startsWith("setres") && error.equals("EINVAL");
                    return (REFUSALS.contains(error) || noSuchUser ? "refused " : "") + error
                            + (isLast ? "" : " of " + step.group(2));
                }
            }
            return "";
        } catch (ReflectiveOperationException | RuntimeException failed) {
            Throwable cause = failed instanceof InvocationTargetException ? failed.getCause() : failed;
            return String.valueOf(cause);
        }
    }

    static long call(String name, List<Object> arguments) throws ReflectiveOperationException {
        if (arguments.contains(BAD)) {
            return invoke(name, arguments);
        }
        Method method = Arrays.stream(Linux.class.getDeclaredMethods()).filter(each -> each.getName().equals(name)
                && each.getParameterCount() == arguments.size() && takes(each, arguments)).findFirst()
                .orElseThrow(() -> new NoSuchMethodException(name + arguments));
        Object[] given = new Object[arguments.size()];
        for (int i = 0; i < given.length; i++) {
            given[i] = method.getParameterTypes()[i] == int.class
                    ? (Object) ((Long) arguments.get(i)).intValue()
                    : arguments.get(i);
        }
        return (long) method.invoke(null, given);
    }

    private static long invoke(String name, List<Object> arguments) throws ReflectiveOperationException {
        long number = SyscallNumber.class.getField(name.toUpperCase(Locale.ROOT)).getLong(null);
        long[] raw = new long[6];
        for (int i = 0; i < arguments.size(); i++) {
            raw[i] = arguments.get(i) instanceof MemorySegment memory ? memory.address() : (Long) arguments.get(i);
        }
        return Syscall.invoke(number, raw[0], raw[1], raw[2], raw[3], raw[4], raw[5]);
    }

    private static boolean takes(Method method, List<Object> arguments) {
        for (int i = 0; i < arguments.size(); i++) {
            if ((method.getParameterTypes()[i] == MemorySegment.class) != arguments.get(i) instanceof MemorySegment) {
                return false;
            }
        }
        return true;
    }

    private List<Object> arguments(String text) {
        List<Object> values = new ArrayList<>();
        for (String each : text.isEmpty() ? new String[0] : text.split(", ")) {
            values.add(value(each));
        }
        return values;
    }

    private Object value(String text) {
        if (text.equals("NULL")) {
            return MemorySegment.NULL;
        }
        if (text.equals("bad")) {
            return BAD;
        }
        if (text.startsWith("\"")) {
            return arena.allocateFrom(text.substring(1, text.length() - 1).replace("@", folder.toString()));
        }
        String rest = text.substring(text.indexOf(':') + 1);
        return switch (text.replaceFirst(":.*", "")) {
            case "buf" -> arena.allocate(Long.parseLong(rest), 8);
            case "i" -> arena.allocateFrom(JAVA_INT, Arrays.stream(rest.split(",")).mapToInt(each -> (int) number(each))
                    .toArray());
            case "l" -> arena.allocateFrom(JAVA_LONG, Arrays.stream(rest.split(",")).mapToLong(this::number).toArray());
            case "h" -> arena.allocateFrom(JAVA_BYTE, HexFormat.of().parseHex(rest));
            case "iov" -> {
                MemorySegment memory = (MemorySegment) named(rest.substring(1));
                MemorySegment vector = arena.allocate(ADDRESS, 2);
                vector.set(ADDRESS, 0, memory);
                vector.set(JAVA_LONG, 8, memory.byteSize());
                yield vector;
            }
            default -> text.startsWith("$") && !text.contains(".") ? named(text.substring(1)) : (Object) number(text);
        };
    }

    private Object named(String name) {
        Object value = named.get(name);
        if (value == null) {
            throw new IllegalArgumentException("nothing is named " + name);
        }
        return value;
    }

    private long number(String text) {
        if (text.startsWith("&")) {
            return ((MemorySegment) named(text.substring(1))).address();
        }
        if (text.startsWith("$")) {
            String[] nameAndIndex = text.substring(1).split("\\.");
            Object value = named(nameAndIndex[0]);
            return value instanceof MemorySegment memory
                    ? memory.getAtIndex(JAVA_INT, Long.parseLong(nameAndIndex[1]))
                    : (Long) value;
        }
        return Constants.parse(text);
    }
}
