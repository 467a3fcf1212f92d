package dev.linen.internal.linux;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.UnionLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * All names in the code that jextract generated, found by reflection: constants ("Kernel.PROT_READ"), sizes ("iovec")
 * and offsets ("iovec.iov_len"), with their values in Java and the C expressions that must have the same values.
 */
final class GeneratedNames {

    private static final String PACKAGE = "dev.linen.internal.linux";
    private static final Path CLASSES = Path.of("target", "classes");
    private static final Path NUMBERS = Path.of("src/main/java", PACKAGE.replace('.', '/'), "Numbers.java");

    private static final String OFFSET = "$offset";

    /** A value in Java, and the C expression for it. */
    record Name(Object value, String inC) {

        /** Compares with a value in C. An unsigned 32-bit constant may be a negative int in Java. */
        boolean hasValue(long c) {
            return value instanceof Integer number
                    ? number == (int) c && (c == number || c == Integer.toUnsignedLong(number))
                    : ((Number) value).longValue() == c;
        }
    }

    private final Map<String, Name> names = new LinkedHashMap<>();

    private GeneratedNames() {}

    /** Returns what is used on a CPU. */
    static Map<String, Name> of(Machine cpu) throws IOException, ReflectiveOperationException {
        GeneratedNames generated = new GeneratedNames();
        generated.addNumbers(cpu);
        for (Class<?> type : generatedClasses(cpu)) {
            if (type.getName().matches(".*\\.(Kernel|LinenH|Cpu)")) {
                generated.addConstants(type);
            } else if (isStruct(type)) {
                generated.addStruct(type.getSimpleName(), type, cType(type));
            } else if (isStruct(type.getSuperclass())) { // a typedef of a struct
                generated.addSize(type.getSimpleName(), type.getSuperclass(), type.getSimpleName());
            }
        }
        return generated.names;
    }

    /** The numbers of all CPUs are in the source; the class gives those of this one. */
    private void addNumbers(Machine cpu) throws IOException {
        Pattern method = Pattern
                .compile("int (__NR_\\w+)\\(\\) \\{\\s+return Machine.number\\((-?\\d+), (-?\\d+)\\);");
        method.matcher(Files.readString(NUMBERS)).results().forEach(each -> {
            int number = Integer.parseInt(each.group(cpu == Machine.X86_64 ? 2 : 3));
            names.put("Numbers." + each.group(1), new Name(number, each.group(1))); // -1: no header has the name
        });
    }

    private static List<Class<?>> generatedClasses(Machine machine) throws IOException {
        String cpu = machine.name().toLowerCase(Locale.ROOT);
        Path folder = CLASSES.resolve(PACKAGE.replace('.', '/'));
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> CLASSES.relativize(file).toString())
                    .filter(file -> file.matches(".*/linux/(" + cpu + "/)?[^$-/]+\\.class")) // no nested classes, no package-info
                    .sorted().<Class<?>>map(file -> named(file.replace('/', '.').replaceFirst("\\.class$", "")))
                    .toList();
        }
    }

    private static Class<?> named(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private void addConstants(Class<?> type) throws ReflectiveOperationException {
        for (Field field : type.getDeclaredFields()) {
            if (Modifier.isPublic(field.getModifiers())) {
                addConstant(type, field.getName(), field.get(null));
            }
        }
        for (Method method : type.getDeclaredMethods()) {
            if (method.getParameterCount() == 0) {
                addConstant(type, method.getName(), method.invoke(null));
            }
        }
    }

    private void addConstant(Class<?> type, String name, Object value) {
        Object number = value instanceof MemorySegment pointer ? pointer.address() : value;
        if (number instanceof Number) {
            names.put(type.getSimpleName() + "." + name, new Name(number, name));
        }
    }

    private static boolean isStruct(Class<?> type) {
        return Stream.of(type.getDeclaredMethods()).anyMatch(method -> method.getName().equals("layout"));
    }

    private static String cType(Class<?> type) throws ReflectiveOperationException {
        return (layout(type) instanceof UnionLayout ? "union " : "struct ") + type.getSimpleName();
    }

    private static GroupLayout layout(Class<?> type) throws ReflectiveOperationException {
        return (GroupLayout) type.getMethod("layout").invoke(null);
    }

    private void addSize(String name, Class<?> type, String cType) throws ReflectiveOperationException {
        names.put(name, new Name(layout(type).byteSize(), "sizeof(" + cType + ")"));
    }

    private void addStruct(String name, Class<?> type, String cType) throws ReflectiveOperationException {
        addSize(name, type, cType);
        for (Method method : type.getDeclaredMethods()) {
            if (method.getName().endsWith(OFFSET)) {
                String field = method.getName().substring(0, method.getName().length() - OFFSET.length());
                names.put(name + "." + field,
                        new Name(method.invoke(null), "__builtin_offsetof(" + cType + ", " + field + ")"));
            }
        }
        for (Class<?> nested : type.getDeclaredClasses()) { // the type of a field: an anonymous struct or union
            addStruct(name + "." + nested.getSimpleName(), nested,
                    "__typeof__(((" + cType + " *)0)->" + nested.getSimpleName() + ")");
        }
    }
}
