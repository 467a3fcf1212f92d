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
import dev.linen.internal.calls.Parameter;
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
                String outcome = inThread(path, line, -1);
                if (outcome.isEmpty()) {
                    succeeded++;
                    calls.add(callOf(line));
                } else if (outcome.startsWith("refused")) {
                    refused.add(callOf(line) + " " + outcome.substring("refused ".length()));
                } else {
                    System.err.println(line + " -> " + outcome);
                }
            }
        }
        System.out.println(succeeded + " lines succeeded, of " + calls.size() + " calls; refused here: " + refused);
    }

    private static final String REST_OF_TIME = "the kernel ignores that it can't write the remaining time";
    private static final String NOTHING = "nothing is to be written";

    /** Parameters that these lines don't write, and why. */
    private static final Map<String, String> UNWRITTEN = Map.ofEntries(Map.entry("ppoll.tsp", REST_OF_TIME),
            Map.entry("select.tvp", REST_OF_TIME), Map.entry("pselect6.tsp", REST_OF_TIME),
            Map.entry("capget.header", "written only if it has an unknown version"),
            Map.entry("capset.header", "written only if it has an unknown version"),
            Map.entry("getxattr.value", NOTHING), Map.entry("lgetxattr.value", NOTHING),
            Map.entry("listxattr.list", NOTHING), Map.entry("llistxattr.list", NOTHING),
            Map.entry("flistxattr.list", NOTHING), Map.entry("listxattrat.list", NOTHING),
            Map.entry("epoll_wait.events", NOTHING), Map.entry("epoll_pwait.events", NOTHING),
            Map.entry("epoll_pwait2.events", NOTHING), Map.entry("ustat.ubuf", NOTHING));

    /** What the kernel only reads may be on a page without write access; otherwise the call fails. */
    @Test
    void calls_onReadOnlyPages_areEFAULTIfTheKernelWrites() {
        String path = folder.toString();
        ChildJvm.Result result = ChildJvm.of(() -> runOnReadOnlyPages(path)).run();
        assertEquals("", result.err());
        System.out.print(result.out());
        Matcher sums = Pattern.compile("read (\\d+), written (\\d+)").matcher(result.out());
        assertTrue(sums.find() && Integer.parseInt(sums.group(1)) > 100 && Integer.parseInt(sums.group(2)) > 80,
                result.out());
    }

    private static void runOnReadOnlyPages(String path) throws IOException, InterruptedException {
        int read = 0;
        int written = 0;
        for (String line : lines()) {
            List<Parameter> parameters = line.startsWith("skip ")
                    ? List.of()
                    : CallTable.of(callOf(line)).orElseThrow().parameters();
            for (int i = 0; i < parameters.size(); i++) {
                Parameter parameter = parameters.get(i);
                if (parameter.isPointer() && parameter.direction() != Parameter.Direction.EITHER) {
                    String usual = inThread(path, line, -1);
                    String onReadOnlyPage = inThread(path, line, i);
                    boolean isWritten = onReadOnlyPage.equals("EFAULT");
                    if (onReadOnlyPage.equals("not memory") || usual.startsWith("refused")) {
                        continue;
                    }
                    if (isWritten != parameter.isWritten() || !isWritten && !usual.equals(onReadOnlyPage)) {
                        if (!UNWRITTEN.containsKey(callOf(line) + "." + parameter.name())) {
                            System.err.println(line + ": " + parameter.name() + ": " + onReadOnlyPage);
                        }
                    } else if (isWritten) {
                        written++;
                    } else {
                        read++;
                    }
                }
            }
        }
        System.out.println("parameters of calls on read-only pages: read " + read + ", written " + written);
    }

    /** Runs a line in a new folder, on a thread of its own, because some calls change the thread. */
    private static String inThread(String path, String line, int readOnly) throws IOException, InterruptedException {
        CallSuccessTest run = new CallSuccessTest();
        run.readOnly = readOnly;
        run.folder = Files.createTempDirectory(Path.of(path), "x");
        Files.writeString(run.folder.resolve("f"), "12345678");
        Files.createDirectory(run.folder.resolve("d"));
        String[] outcome = {"no outcome"};
        Thread thread = new Thread(() -> outcome[0] = run.run(line));
        thread.start();
        thread.join();
        return outcome[0];
    }

    /** The argument of the last step that is moved to a page without write access; -1 for none. */
    private int readOnly = -1;

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
                List<Object> arguments = arguments(step.group(3));
                if (readOnly >= 0 && i + 1 == steps.length) {
                    if (!(arguments.get(readOnly) instanceof MemorySegment memory) || memory.address() == 0) {
                        return "not memory";
                    }
                    arguments.set(readOnly, onReadOnlyPage(memory));
                }
                long result = call(step.group(2), arguments);
                String error = Errno.ofResult(result).map(Errno::toString).orElse("");
                if (step.group(1) != null) {
                    named.put(step.group(1), result);
                }
                if (!error.isEmpty() && !List.of(step.group(4).strip().split(" ")).contains(error)) {
                    return (REFUSALS.contains(error) ? "refused " : "") + error + (i + 1 < steps.length
                            ? " of "
                                    + step.group(2)
                            : "");
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
