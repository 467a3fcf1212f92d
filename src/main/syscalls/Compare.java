import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.linen.internal.calls.CallTable;
import dev.linen.internal.calls.Parameter;
import dev.linen.internal.calls.SystemCall;

/**
 * Compares {@code calls.txt} with the kernel's source: both CPUs' tables of numbers, and of each entry point the number,
 * types, constness and names of its parameters. Or compares it with the tracepoints of the running kernel, which have
 * the same but the numbers. Started by the script {@code compare} beside it; its argument is the folder of the source,
 * or tracefs's {@code events/syscalls}. Prints each difference; the exit status is 1 if there are any.
 */
class Compare {

    private static final List<String> FOLDERS = List.of("kernel", "fs", "mm", "ipc", "net", "security", "io_uring", "block",
            "drivers/char", "arch/x86", "arch/arm64");

    /** A table of numbers, and the values of its second column that are for 64-bit programs of this CPU. */
    private record Table(String cpu, String file, Set<String> kinds) {}

    private static final Table X86 = new Table("x86_64", "arch/x86/entry/syscalls/syscall_64.tbl", Set.of("common", "64"));
    private static final Table ARM = new Table("aarch64", "scripts/syscall.tbl", // see arch/arm64/kernel/Makefile.syscalls
            Set.of("common", "64", "renameat", "rlimit", "memfd_secret"));

    /** A number and the function for it; empty if there is none. */
    private record Entry(int number, Optional<String> function) {}

    private record Declared(String type, String name) {}

    private static final Pattern DEFINITION = Pattern.compile("^SYSCALL_DEFINE(\\d)\\s*\\(([^)]*)\\)", Pattern.MULTILINE);
    private static final Pattern FIELD = Pattern.compile("field:(.*?)(\\w+);");
    private static final Set<String> POINTERS = Set.of("cap_user_header_t", "const cap_user_data_t", "cap_user_data_t");
    private static final Set<String> OF_64_BITS = Set.of("unsigned long", "long", "size_t", "loff_t", "off_t", "u64",
            "__u64", "aio_context_t");
    private static final Set<String> UNSIGNED_32_BITS = Set.of("unsigned int", "unsigned", "u32", "__u32", "uid_t", "gid_t",
            "umode_t", "qid_t", "mode_t");

    private final List<String> differences = new ArrayList<>();
    private int compared;

    /** Functions that aren't called like their call; the source's tables tell for themselves. */
    private static final Map<String, String> CALLS = Map.of("newstat", "stat", "newlstat", "lstat", "newfstat", "fstat",
            "newuname", "uname", "sendfile64", "sendfile", "umount", "umount2", "fadvise64_64", "fadvise64",
            "arm64_personality", "personality");

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        Compare comparison = new Compare();
        String compared = Files.exists(folder.resolve("sys_enter_read"))
                ? comparison.withTracepoints(folder)
                : comparison.withSource(folder);
        comparison.differences.stream().distinct().forEach(System.out::println);
        System.out.println(compared + ", " + comparison.compared + " parameters compared, "
                + comparison.differences.size() + " differences");
        System.exit(comparison.differences.isEmpty() ? 0 : 1);
    }

    private String withSource(Path source) throws IOException {
        Map<String, Entry> onX86 = numbers(source, X86);
        Map<String, Entry> onArm = numbers(source, ARM);
        Map<String, List<List<Declared>>> definitions = definitions(source);
        for (SystemCall call : CallTable.all()) {
            for (Map<String, Entry> entries : List.of(onX86, onArm)) {
                Optional.ofNullable(entries.get(call.name())).flatMap(Entry::function)
                        .ifPresent(function -> parameters(call, function, definitions));
            }
            boolean hasFunction = Optional.ofNullable(onX86.get(call.name())).flatMap(Entry::function).isPresent();
            require(hasFunction == call.hasEntryPoint(), call.name() + ": has an entry point: " + hasFunction);
        }
        return onX86.size() + " and " + onArm.size() + " numbers";
    }

    /** A kernel that is older has fewer calls, and fewer parameters of some; one that is newer has more calls. */
    private String withTracepoints(Path events) throws IOException {
        int calls = 0;
        for (Path folder : list(events)) {
            String function = folder.getFileName().toString().replaceFirst("^sys_enter_", "");
            String name = CALLS.getOrDefault(function, function);
            if (Files.exists(folder.resolve("format")) && folder.getFileName().toString().startsWith("sys_enter_")) {
                Optional<SystemCall> call = CallTable.of(name);
                if (call.isPresent()) {
                    calls++;
                    List<Declared> declared = new ArrayList<>(fields(Files.readString(folder.resolve("format"))));
                    if (name.equals("clone") && System.getProperty("os.arch").equals("aarch64")) {
                        Collections.swap(declared, 3, 4); // tls comes first there, see calls.txt
                    }
                    parameters(shortened(call.get(), declared.size()), name, Map.of(name, List.of(declared)));
                } else {
                    System.out.println(name + ": not a call of Linux 7.3");
                }
            }
        }
        return calls + " calls";
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static List<Declared> fields(String format) {
        return FIELD.matcher(format.substring(format.indexOf("__syscall_nr"))).results()
                .map(field -> new Declared(field.group(1).strip(), field.group(2))).toList();
    }

    private static SystemCall shortened(SystemCall call, int parameters) {
        return new SystemCall(call.name(), call.numberOnX86(), call.numberOnArm(),
                call.parameters().subList(0, Math.min(parameters, call.parameters().size())), call.hasEntryPoint(),
                call.since(), call.manPage(), call.segmentForms(), call.refused(), call.careful());
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            differences.add(otherwise);
        }
    }

    private Map<String, Entry> numbers(Path source, Table table) throws IOException {
        Map<String, Entry> entries = new TreeMap<>();
        for (String line : Files.readAllLines(source.resolve(table.file()))) {
            String[] columns = line.strip().split("\\s+");
            if (!line.startsWith("#") && columns.length >= 3 && table.kinds().contains(columns[1])) {
                Optional<String> function = Optional.of(columns).filter(each -> each.length > 3).map(each -> each[3])
                        .filter(each -> !each.equals("sys_ni_syscall") && !each.equals("-"))
                        .map(each -> each.replaceFirst("^sys_", ""));
                entries.put(columns[2], new Entry(Integer.parseInt(columns[0]), function));
            }
        }
        for (SystemCall call : CallTable.all()) {
            OptionalInt number = table == X86 ? call.numberOnX86() : call.numberOnArm();
            OptionalInt theirs = entries.containsKey(call.name())
                    ? OptionalInt.of(entries.get(call.name()).number())
                    : OptionalInt.empty();
            require(number.equals(theirs), call.name() + ": number on " + table.cpu() + ": " + theirs);
        }
        entries.keySet().stream().filter(name -> CallTable.of(name).isEmpty())
                .forEach(name -> differences.add(name + ": missing"));
        return entries;
    }

    /** All definitions of a name: some depend on the kernel's configuration or on the CPU. */
    private static Map<String, List<List<Declared>>> definitions(Path source) throws IOException {
        Map<String, List<List<Declared>>> definitions = new HashMap<>();
        for (String folder : FOLDERS) {
            try (Stream<Path> files = Files.walk(source.resolve(folder))) {
                for (Path file : files.filter(each -> each.toString().endsWith(".c")).toList()) {
                    Matcher definition = DEFINITION.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
                    while (definition.find()) {
                        String[] words = Arrays.stream(definition.group(2).split(",")).map(word -> word.strip()
                                .replaceAll("\\s+", " ")).toArray(String[]::new);
                        List<Declared> parameters = new ArrayList<>();
                        for (int i = 1; i + 1 < words.length; i += 2) {
                            parameters.add(new Declared(words[i], words[i + 1]));
                        }
                        definitions.computeIfAbsent(words[0], none -> new ArrayList<>()).add(parameters);
                    }
                }
            }
        }
        return definitions;
    }

    private void parameters(SystemCall call, String function, Map<String, List<List<Declared>>> definitions) {
        List<List<Declared>> found = definitions.getOrDefault(function, List.of());
        if (found.isEmpty()) {
            require(function.equals("rt_sigreturn"), call.name() + ": there is no SYSCALL_DEFINE of " + function);
            return;
        }
        if (found.stream().noneMatch(declared -> problems(call, declared).isEmpty())) {
            differences.add(call.name() + ": " + problems(call, found.get(0)));
        }
        compared += call.parameters().size();
    }

    private static List<String> problems(SystemCall call, List<Declared> declared) {
        List<String> problems = new ArrayList<>();
        if (declared.size() != call.parameters().size()) {
            return List.of(declared.size() + " parameters: " + declared);
        }
        for (int i = 0; i < declared.size(); i++) {
            Declared theirs = declared.get(i);
            Parameter ours = call.parameters().get(i);
            if (!theirs.name().replaceFirst("^_+", "").equals(ours.name().replaceFirst("^_+", ""))) {
                problems.add(ours.name() + " is " + theirs.name());
            }
            if (!agree(theirs.type(), ours)) {
                problems.add(ours.type() + " " + ours.name() + " is " + theirs.type());
            }
        }
        return problems;
    }

    private static boolean agree(String type, Parameter ours) {
        boolean pointer = type.contains("*") || POINTERS.contains(type);
        if (ours.isNumberOrPointer()) {
            return pointer || OF_64_BITS.contains(type);
        }
        if (ours.type().equals("addr") && !ours.isPointer()) {
            return pointer || type.equals("unsigned long"); // not memory to read or write
        }
        if (pointer || ours.isPointer()) {
            boolean readOnly = type.startsWith("const ") && !type.matches("const char __user \\*const.*");
            return pointer == ours.isPointer() && (!readOnly || !ours.isWritten());
        }
        if (ours.type().equals("fd")) {
            return true; // int, unsigned int or unsigned long: the kernel takes 32 bits of it
        }
        String number = type.replaceFirst("^const ", "");
        return ours.isLong() == OF_64_BITS.contains(number) && ours.isUnsignedInt() == isUnsignedInt(number);
    }

    /** gcc's enums without negative values are unsigned. */
    private static boolean isUnsignedInt(String type) {
        return UNSIGNED_32_BITS.contains(type) || type.startsWith("enum ");
    }
}
