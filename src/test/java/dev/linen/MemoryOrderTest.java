package dev.linen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** docs/memory-order.md names every word that two sides share, and says what the code does. */
class MemoryOrderTest {

    private static final Path PAGE = Path.of("docs/memory-order.md");
    private static final Path C = Path.of("src/main/c");

    private static final Pattern STRUCT = Pattern.compile("(?s)\nstruct (linen_\\w+) \\{\n(.*?)\n\\};");
    private static final Pattern MEMBER = Pattern.compile("(?m)^    (?:struct )?\\w+ (\\w+)(?:\\[\\w+\\])?;");
    private static final Pattern ATOMIC = Pattern.compile("__atomic_\\w+_n\\(|__atomic_fetch_add\\(");
    private static final Pattern ORDER = Pattern.compile("__ATOMIC_\\w+");
    private static final Pattern NAME = Pattern.compile("`([\\w.]+\\.\\w+|[\\w.]+\\.\\*|\\w+)`");

    /** Pointers to one of several fields, by which a function accesses it. */
    private static final Map<String, List<String>> POINTERS = Map.of("before", List.of("handler", "first_handler"),
            "flags", List.of("flags", "first_flags"), "predecessor", List.of("futex"),
            "&strangers[tid % LINEN_STRANGERS]", List.of("strangers"));

    /**
     * Packages without words that threads share. internal.elf, powercut: the objects belong to one report, and to one
     * verification.
     */
    private static final List<String> OTHERS = List.of("cli", "junit", "internal/linux", "internal/elf", "powercut");

    @Test
    void fieldsOfLinenH_each_isOnThePage() throws IOException {
        Set<String> named = rows().keySet();
        List<String> missing = fieldsOfLinenH().stream().filter(field -> !named.contains(field)).toList();
        assertEquals(List.of(), missing);
    }

    @Test
    void atomicAccesses_inC_haveTheOrderOnThePage() throws IOException {
        Map<String, Set<String>> inC = new TreeMap<>();
        for (String file : List.of("thread.c", "attach.c", "fault.c", "syscall.c", "inject.c", "perform.c")) {
            ordersIn(Files.readString(C.resolve(file)), inC);
        }
        Map<String, Set<String>> onPage = new TreeMap<>();
        rows().forEach((field, text) -> {
            if (field.startsWith("linen_") && text.contains("__ATOMIC_")) {
                onPage.put(field.substring(field.indexOf('.') + 1), orders(text));
            }
        });
        assertEquals(onPage, inC);
    }

    @Test
    void mutableFieldsInJava_each_isOnThePage() throws Exception {
        Set<String> named = rows().keySet();
        List<String> mutable = mutableFields();
        assertTrue(mutable.size() > 100, mutable.size() + " only");
        assertEquals(List.of(), mutable.stream().filter(field -> !named.contains(field)
                && !named.contains(field.replaceFirst("\\.\\w+$", ".*"))).toList());
    }

    @Test
    void fieldsOnThePage_each_exists() throws Exception {
        Set<String> known = new TreeSet<>(fieldsOfLinenH());
        known.addAll(mutableFields());
        List<String> unknown = rows().keySet().stream().filter(name -> !known.contains(name))
                .filter(name -> !name.endsWith(".*")).toList();
        assertEquals(List.of(), unknown);
    }

    /**
     * The names in the first cells of all tables, with the text of their rows. A name without a class is of the class
     * before it; a row that begins with an empty cell continues the one above.
     */
    private static Map<String, String> rows() throws IOException {
        Map<String, String> rows = new TreeMap<>();
        List<String> names = new ArrayList<>();
        for (String line : Files.readAllLines(PAGE)) {
            if (!line.startsWith("| `") && !line.startsWith("| |")) {
                names = new ArrayList<>();
                continue;
            }
            String cell = line.substring(2, line.indexOf('|', 1)).strip();
            if (!cell.isEmpty()) {
                names = names(cell);
            }
            names.forEach(name -> rows.merge(name, line, String::concat));
        }
        return rows;
    }

    private static List<String> names(String cell) {
        List<String> names = new ArrayList<>();
        String type = "";
        for (MatchResult found : NAME.matcher(cell).results().toList()) {
            String name = found.group(1);
            type = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : type;
            names.add(name.contains(".") ? name : type + "." + name);
        }
        return names;
    }

    private static List<String> fieldsOfLinenH() throws IOException {
        List<String> fields = new ArrayList<>();
        for (MatchResult struct : STRUCT.matcher(Files.readString(C.resolve("linen.h"))).results().toList()) {
            MEMBER.matcher(struct.group(2)).results()
                    .forEach(member -> fields.add(struct.group(1) + "." + member.group(1)));
        }
        assertTrue(fields.size() > 30, fields.toString());
        // Inside another struct; and written once, by Java.
        fields.removeIf(field -> field.equals("linen_exit.handle") || field.matches("linen_(tls|slab\\.tls).*"));
        return fields;
    }

    /** Collects the orders of all atomic operations, by the last name of their first arguments. */
    private static void ordersIn(String source, Map<String, Set<String>> orders) {
        for (MatchResult call : ATOMIC.matcher(source).results().toList()) {
            String arguments = source.substring(call.end(), closing(source, call.end()));
            String field = arguments.substring(0, arguments.indexOf(',')).replaceFirst("(?s).*[^\\w](\\w+)$", "$1");
            for (String each : POINTERS.getOrDefault(field, List.of(field))) {
                orders.computeIfAbsent(each, unknown -> new TreeSet<>()).addAll(orders(arguments));
            }
        }
    }

    private static Set<String> orders(String text) {
        return new TreeSet<>(ORDER.matcher(text).results().map(MatchResult::group).toList());
    }

    private static int closing(String source, int from) {
        int depth = 1;
        int at = from;
        for (; depth > 0; at++) {
            depth += source.charAt(at) == '(' ? 1 : source.charAt(at) == ')' ? -1 : 0;
        }
        return at;
    }

    private static List<String> mutableFields() throws IOException, ClassNotFoundException {
        Path classes = Path.of("target/classes/dev/linen");
        List<String> fields = new ArrayList<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.sorted().toList()) {
                String name = classes.relativize(file).toString();
                if (!name.endsWith(".class") || name.contains("-info") || OTHERS.stream().anyMatch(name::startsWith)) {
                    continue;
                }
                String type = "dev.linen." + name.substring(0, name.length() - ".class".length()).replace('/', '.');
                Class<?> loaded = Class.forName(type, /* initialize */ false, MemoryOrderTest.class.getClassLoader());
                Arrays.stream(loaded.getDeclaredFields()).filter(MemoryOrderTest::isMutable)
                        .forEach(field -> fields.add(name(loaded) + "." + field.getName()));
            }
        }
        return fields;
    }

    private static boolean isMutable(Field field) {
        return !Modifier.isFinal(field.getModifiers()) && !field.isSynthetic();
    }

    /** "Reclaimer.Task" */
    private static String name(Class<?> type) {
        return type.getName().substring(type.getPackageName().length() + 1).replace('$', '.');
    }
}
