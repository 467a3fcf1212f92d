package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.SystemCall;
import dev.linen.junit.ChildJvm;

/** Runs the calls of success.txt by the methods of Linux. */
class CallSuccessTest {

    private static final Path TABLE = Path.of("src", "test", "resources", "calls", "success.txt");

    private static final Pattern STEP = Pattern.compile("(?:(\\w+) = )?(?:(\\w+)\\((.*)\\)((?: E\\w+)*)|(.*))");

    /** What a container, a user who isn't root, an older kernel or an option of the kernel makes of a call. */
    private static final Set<String> REFUSALS = Set.of("EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP", "EROFS", "ENOMEM",
            "EMFILE", "ENFILE");

    @TempDir
    private Path folder;

    private static List<String> lines() throws IOException {
        return Files.readAllLines(TABLE).stream().filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
    }

    private static String callOf(String line) {
        return line.replaceFirst(".*; ", "").replaceFirst("^\\w+ = ", "").replaceFirst("\\(.*", "");
    }

    @Test
    void everyMethodsCall_hasALineOrAReason() throws IOException {
        Set<String> missing = new TreeSet<>(
                CallTable.all().stream().filter(SystemCall::hasMethod).map(SystemCall::name).toList());
        for (String line : lines()) {
            if (line.startsWith("skip ")) {
                missing.removeAll(List.of(line.substring("skip ".length()).replaceFirst(":.*", "").split(" ")));
            } else {
                missing.remove(callOf(line));
            }
        }
        assertEquals(Set.of(), missing);
    }

    @Test
    void calls_thatShouldSucceed_do() {
        String path = folder.toString();
        ChildJvm.Result result = ChildJvm.of(() -> runAll(path)).run();
        assertEquals("", result.err());
        System.out.print(result.out());
        Matcher sum = Pattern.compile("(\\d+) lines succeeded").matcher(result.out());
        assertTrue(sum.find() && Integer.parseInt(sum.group(1)) > 150, result.out());
        assertEquals(0, result.exitStatus());
    }

    private static void runAll(String path) throws IOException, InterruptedException {
        int succeeded = 0;
        Set<String> calls = new TreeSet<>();
        List<String> refused = new ArrayList<>();
        for (String line : lines()) {
            if (!line.startsWith("skip ")) {
                CallSuccessTest run = new CallSuccessTest();
                run.folder = Files.createTempDirectory(Path.of(path), "x");
                Files.writeString(run.folder.resolve("f"), "12345678");
                Files.createDirectory(run.folder.resolve("d"));
                String[] outcome = {"no outcome"};
                // A thread of its own: some calls change the thread.
                Thread thread = new Thread(() -> outcome[0] = run.run(line));
                thread.start();
                thread.join();
                if (outcome[0].isEmpty()) {
                    succeeded++;
                    calls.add(callOf(line));
                } else if (outcome[0].startsWith("refused")) {
                    refused.add(callOf(line) + " " + outcome[0].substring("refused ".length()));
                } else {
                    System.err.println(line + " -> " + outcome[0]);
                }
            }
        }
        System.out.println(succeeded + " lines succeeded, of " + calls.size() + " calls; refused here: " + refused);
    }

    private final Map<String, Object> named = new HashMap<>();
    private final Arena arena = Arena.ofAuto();

    /** Returns nothing, or "refused ERRNO", or what is wrong. */
    private String run(String line) {
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
                long result = call(step.group(2), arguments(step.group(3)));
                String error = Errno.ofResult(result).map(Errno::toString).orElse("");
                if (step.group(1) != null) {
                    named.put(step.group(1), result);
                }
                if (!error.isEmpty() && !List.of(step.group(4).strip().split(" ")).contains(error)) {
                    return (REFUSALS.contains(error) ? "refused " : "") + error + (i + 1 < steps.length ? " of "
                            + step.group(2) : "");
                }
            }
            return "";
        } catch (ReflectiveOperationException | RuntimeException failed) {
            Throwable cause = failed instanceof InvocationTargetException ? failed.getCause() : failed;
            return String.valueOf(cause);
        }
    }

    private static long call(String name, List<Object> arguments) throws ReflectiveOperationException {
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
