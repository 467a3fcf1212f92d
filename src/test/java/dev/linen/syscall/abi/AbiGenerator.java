package dev.linen.syscall.abi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.linen.syscall.abi.Families.Family;
import dev.linen.syscall.abi.Families.Note;
import dev.linen.syscall.abi.Families.Struct;

/**
 * Writes the classes of dev.linen.syscall.abi from {@code families.txt}, {@code constants.txt} and {@code structs.txt}.
 *
 * <pre>java -cp target/test-classes dev.linen.syscall.abi.AbiGenerator</pre>
 */
final class AbiGenerator {

    static final Path OUTPUT = Path.of("src", "main", "java", "dev", "linen", "syscall", "abi");

    /** The CPUs, in the order of the columns of constants.txt, and their classes. */
    private static final Map<String, String> CPUS = new LinkedHashMap<>();

    static {
        CPUS.put("X86_64", "x86_64");
        CPUS.put("Aarch64", "aarch64");
    }

    private static final Pattern LAYOUT = Pattern.compile("(\\w+)(?:/(\\w+))? (\\d+) (\\d+): (.*)");
    private static final Pattern FIELD = Pattern.compile("(\\w+)@(\\d+):(.*)");
    private static final Pattern BITS = Pattern.compile("bits(\\d+)\\[(\\d+),(\\d+)]");
    private static final Pattern ARRAY = Pattern.compile("(\\w*)\\[(\\d*)]");

    private final String version;
    private final Families families;
    private final Map<String, List<String>> constants = new LinkedHashMap<>();
    private final Map<String, List<Layout>> layouts = new LinkedHashMap<>();

    /** A struct on all CPUs, or on one. */
    private record Layout(int size, int alignment, Map<String, Field> fields) {}

    /** A field: where it is, and what, as in structs.txt. */
    private record Field(String name, int offset, String kind) {

        /** Returns its bytes; 0 for an array without an end. */
        int size(Map<String, List<Layout>> layouts) {
            Matcher bits = BITS.matcher(kind);
            Matcher array = ARRAY.matcher(kind);
            if (bits.matches()) {
                return Integer.parseInt(bits.group(1)) / Byte.SIZE;
            } else if (array.matches()) {
                return (array.group(2).isEmpty() ? 0 : Integer.parseInt(array.group(2))) * bytes(array.group(1));
            } else if (kind.startsWith("{")) {
                return layouts.get(kind.substring(1, kind.length() - 1)).getFirst().size;
            }
            return bytes(kind);
        }

        private static int bytes(String scalar) {
            return switch (scalar) {
                case "", "char", "u8", "s8" -> 1;
                case "u16", "s16", "be16" -> 2;
                case "u32", "s32", "be32" -> 4;
                default -> 8;
            };
        }
    }

    private AbiGenerator() throws IOException {
        families = Families.read();
        List<String> lines = Files.readAllLines(Families.FOLDER.resolve("constants.txt"));
        version = lines.getFirst().replaceFirst(".*(Linux [0-9.]+[0-9]).*", "$1");
        List<String> family = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            if (line.startsWith("[")) {
                family = constants.computeIfAbsent(line.substring(1, line.length() - 1), none -> new ArrayList<>());
            } else {
                family.add(line);
            }
        }
        for (String line : Files.readAllLines(Families.FOLDER.resolve("structs.txt"))) {
            Matcher layout = LAYOUT.matcher(line);
            if (layout.matches()) {
                Map<String, Field> fields = new LinkedHashMap<>();
                for (String text : layout.group(5).split(" ")) {
                    Matcher field = FIELD.matcher(text);
                    if (!field.matches()) {
                        throw new IllegalArgumentException(text);
                    }
                    fields.put(field.group(1),
                            new Field(field.group(1), Integer.parseInt(field.group(2)), field.group(3)));
                }
                layouts.computeIfAbsent(layout.group(1), none -> new ArrayList<>())
                        .add(new Layout(Integer.parseInt(layout.group(3)), Integer.parseInt(layout.group(4)), fields));
            }
        }
    }

    public static void main(String... none) throws IOException {
        for (Map.Entry<String, String> file : generate().entrySet()) {
            Files.writeString(OUTPUT.resolve(file.getKey()), file.getValue());
        }
    }

    /** Returns the files' contents by their names. */
    static Map<String, String> generate() throws IOException {
        AbiGenerator generator = new AbiGenerator();
        Map<String, String> files = new TreeMap<>();
        for (Family family : generator.families.families()) {
            files.put(family.name() + ".java", generator.family(family));
        }
        for (String type : CPUS.keySet()) {
            files.put(type + ".java", generator.cpu(type));
        }
        return files;
    }

    private String head(String text, Set<String> layoutNames, boolean hasStructs) {
        StringBuilder java = new StringBuilder("// Generated by AbiGenerator from src/main/abi (" + version
                + "); don't edit.\npackage dev.linen.syscall.abi;\n\n");
        layoutNames.forEach(name -> java.append("import static java.lang.foreign.ValueLayout.").append(name)
                .append(";\n"));
        if (hasStructs) {
            java.append("\nimport java.lang.foreign.MemoryLayout;\nimport java.lang.foreign.MemorySegment;\n"
                    + "import java.lang.foreign.SegmentAllocator;\nimport java.lang.foreign.StructLayout;\n\n");
        }
        return java.append("/** ").append(text).append(" */\n").toString();
    }

    private String family(Family family) {
        StringBuilder body = new StringBuilder("public final class " + family.name() + " {\n\n    private "
                + family.name() + "() {}\n\n");
        for (String line : constants.get(family.name())) {
            String[] words = line.split(" ");
            if (words.length == 3) {
                body.append(constant(words[0], words[1], words[2]));
            } else if (!words[2].equals("-") && !words[3].equals("-")) {
                body.append("    /** {@code ").append(words[2]).append("} on x86_64, {@code ").append(words[3])
                        .append("} on aarch64 */\n    public static final ").append(words[1]).append(' ')
                        .append(words[0]).append(" = Views.AARCH64 ? ").append(literal(words[1], words[3]))
                        .append(" : ").append(literal(words[1], words[2])).append(";\n");
            }
        }
        for (Struct struct : family.structs()) {
            body.append(view(struct));
        }
        Set<String> layoutNames = new TreeSet<>();
        Matcher used = Pattern.compile("\\b(JAVA_|ADDRESS)\\w*").matcher(body);
        while (used.find()) {
            layoutNames.add(used.group());
        }
        return head(family.text(), layoutNames, !family.structs().isEmpty()) + body + "}\n";
    }

    /** Returns the class of the constants that only one CPU has. */
    private String cpu(String type) {
        int column = 2 + new ArrayList<>(CPUS.keySet()).indexOf(type);
        StringBuilder body = new StringBuilder("public final class " + type + " {\n\n    private " + type
                + "() {}\n\n");
        constants.values().forEach(lines -> {
            for (String line : lines) {
                String[] words = line.split(" ");
                if (words.length == 4 && line.contains(" -") && !words[column].equals("-")) {
                    body.append(constant(words[0], words[1], words[column]));
                }
            }
        });
        return head("Constants that only " + CPUS.get(type) + " has, among the CPUs that linen supports.", Set.of(),
                false) + body + "}\n";
    }

    private static String constant(String name, String type, String value) {
        String literal = literal(type, value);
        String note = type.equals("int") && value.matches("0x[89a-f]\\w{7}")
                ? ", as an unsigned number"
                : "";
        return "    /** {@code " + value + "}" + note + " */\n    public static final " + type + " " + name + " = "
                + literal + ";\n";
    }

    private static String literal(String type, String value) {
        return type.equals("long") ? value + "L" : value;
    }

    private String view(Struct struct) {
        List<Layout> cpus = layouts.get(struct.name());
        Layout layout = cpus.getFirst();
        Layout other = cpus.getLast();
        boolean hasEnd = layout.fields.values().stream().noneMatch(field -> field.kind.endsWith("[]"));
        String name = struct.name();
        StringBuilder java = new StringBuilder("""

                    /**
                     * A view of {@code struct %s}.
                     *
                     * <p>%s
                     *
                     * @param segment the memory, of at least {@link #SIZE} bytes
                     */
                    public record %s(MemorySegment segment) {

                        /** Its bytes%s. */
                        public static final int SIZE = %s;

                        /** Its alignment in C. */
                        public static final int ALIGNMENT = %s;

                        /**
                         * Makes a view.
                         *
                         * @throws IndexOutOfBoundsException if the segment is too short
                         */
                        public %s {
                            Views.check(segment, SIZE);
                        }

                        /**
                         * Allocates one.
                         *
                         * @param allocator whose memory it is: an arena
                         * @return a view of zeros
                         */
                        public static %s in(SegmentAllocator allocator) {
                            return new %s(Views.allocate(allocator, SIZE, ALIGNMENT));
                        }
                """.formatted(struct.inC(), struct.text(), name, hasEnd ? "" : ", without those after its end",
                either(layout.size, other.size), either(layout.alignment, other.alignment), name, name, name));
        if (hasEnd) {
            java.append("""

                            /**
                             * Allocates an array of them.
                             *
                             * @param allocator whose memory it is: an arena
                             * @param count how many
                             * @return zeros; {@link #at} views each of them
                             */
                            public static MemorySegment array(SegmentAllocator allocator, long count) {
                                return Views.allocate(allocator, SIZE * count, ALIGNMENT);
                            }

                            /**
                             * Views an element of an array.
                             *
                             * @param array the array
                             * @param index the element's index, from 0
                             * @return a view of the element
                             */
                            public static %s at(MemorySegment array, long index) {
                                return new %s(array.asSlice(SIZE * index, SIZE));
                            }
                    """.formatted(name, name));
        } else {
            java.append("""

                            /**
                             * Allocates one with bytes after its end.
                             *
                             * @param allocator whose memory it is: an arena
                             * @param more the bytes after its end
                             * @return a view of zeros
                             */
                            public static %s in(SegmentAllocator allocator, long more) {
                                return new %s(Views.allocate(allocator, SIZE + more, ALIGNMENT));
                            }
                    """.formatted(name, name));
        }
        for (Field field : layout.fields.values()) {
            java.append(accessors(struct, field, other.fields.get(field.name)));
        }
        String first = layoutOf(struct, layout);
        String second = layoutOf(struct, other);
        java.append("""

                        /** {@return its layout: a new one at each call} */
                        public static StructLayout layout() {
                            return %s;
                        }

                        /** {@return its fields as text} */
                        @Override
                        public String toString() {
                            return Views.text("%s", layout(), segment);
                        }
                    }
                """.formatted(first.equals(second)
                ? first
                : "Views.AARCH64\n                    ? " + second
                        + "\n                    : " + first,
                name));
        return java.toString();
    }

    private static String either(int x86, int aarch64) {
        return x86 == aarch64 ? Integer.toString(x86) : "Views.AARCH64 ? " + aarch64 + " : " + x86;
    }

    private String accessors(Struct struct, Field field, Field other) {
        Note note = Optional.ofNullable(struct.notes().get(field.name)).orElse(new Note(field.name, false, ""));
        String at = either(field.offset, other.offset);
        String says = "{@code " + shown(field) + "}" + (note.text().isEmpty() ? "" : ": " + note.text());
        Matcher bits = BITS.matcher(field.kind);
        if (bits.matches()) {
            String widths = "(segment, " + field.offset + ", " + Integer.parseInt(bits.group(1)) / Byte.SIZE + ", "
                    + bits.group(2) + ", " + bits.group(3);
            boolean isFlag = bits.group(3).equals("1");
            return getter(field, isFlag ? "boolean" : "int", says,
                    isFlag ? "Views.bits" + widths + ") != 0" : "(int) Views.bits" + widths + ")")
                    + setter(struct, field, isFlag ? "boolean" : "int", says,
                            "Views.setBits" + widths + ", value" + (isFlag ? " ? 1 : 0" : "") + ")");
        }
        if (field.kind.startsWith("{")) {
            String view = qualified(struct, field);
            return getter(field, view, "a view of " + says, "new " + view + "(segment.asSlice(" + at + ", " + view
                    + ".SIZE))");
        }
        if (field.kind.endsWith("]")) {
            int size = field.size(layouts);
            String slice = size == 0 ? "segment.asSlice(" + at + ")" : "segment.asSlice(" + at + ", " + size + ")";
            String get = getter(field, "MemorySegment", says, slice);
            return field.kind.startsWith("char")
                    ? get + setter(struct, field, "String", says, "Views.setText(" + field.name + "(), value)")
                    : get;
        }
        String both = Field.bytes(field.kind) == Field.bytes(other.kind) ? field.kind : "differs";
        String java = switch (both) {
            case "ptr" -> "MemorySegment";
            case "u64", "s64", "differs" -> "long";
            default -> "int";
        };
        String read = switch (both) {
            case "ptr" -> "segment.get(ADDRESS_UNALIGNED, " + at + ")";
            case "u64", "s64" -> "segment.get(JAVA_LONG_UNALIGNED, " + at + ")";
            case "u32", "s32", "be32" -> "segment.get(JAVA_INT_UNALIGNED, " + at + ")";
            case "u16", "be16" -> "Short.toUnsignedInt(segment.get(JAVA_SHORT_UNALIGNED, " + at + "))";
            case "s16" -> "segment.get(JAVA_SHORT_UNALIGNED, " + at + ")";
            case "u8" -> "Byte.toUnsignedInt(segment.get(JAVA_BYTE, " + at + "))";
            default ->
                "Views.AARCH64\n                    ? " + oneOf(other) + "\n                    : " + oneOf(field);
        };
        String write = switch (both) {
            case "ptr" -> "segment.set(ADDRESS_UNALIGNED, " + at + ", value)";
            case "u64", "s64" -> "segment.set(JAVA_LONG_UNALIGNED, " + at + ", value)";
            case "u32", "s32", "be32" -> "segment.set(JAVA_INT_UNALIGNED, " + at + ", value)";
            case "u16", "s16", "be16" -> "segment.set(JAVA_SHORT_UNALIGNED, " + at + ", (short) value)";
            case "u8" -> "segment.set(JAVA_BYTE, " + at + ", (byte) value)";
            default -> ""; // the kernel writes it, programs don't
        };
        String accessors = getter(field, java, says, read);
        if (!write.isEmpty()) {
            accessors += setter(struct, field, java, says, write);
        }
        if (note.isAddress() && java.equals("long")) {
            accessors += setter(struct, field, "MemorySegment", says,
                    "segment.set(ADDRESS_UNALIGNED, " + at + ", value)");
        }
        return accessors;
    }

    /** Reads an integer that has another size on the other CPU; the type is known to be one of these. */
    private static String oneOf(Field field) {
        return switch (field.kind) {
            case "u64", "s64" -> "segment.get(JAVA_LONG_UNALIGNED, " + field.offset + ")";
            case "u32" -> "Integer.toUnsignedLong(segment.get(JAVA_INT_UNALIGNED, " + field.offset + "))";
            case "s32" -> "segment.get(JAVA_INT_UNALIGNED, " + field.offset + ")";
            default -> throw new IllegalArgumentException(field.toString());
        };
    }

    /** Returns a field as C would declare it. */
    private static String shown(Field field) {
        Matcher bits = BITS.matcher(field.kind);
        Matcher array = ARRAY.matcher(field.kind);
        if (bits.matches()) {
            return "u" + bits.group(1) + " " + field.name + " : " + bits.group(3);
        } else if (array.matches()) {
            return (array.group(1).isEmpty() ? "u8" : array.group(1)) + " " + field.name + "[" + array.group(2) + "]";
        } else if (field.kind.startsWith("{")) {
            return "struct " + field.kind.substring(1, field.kind.length() - 1) + " " + field.name;
        }
        return field.kind.equals("ptr") ? "void *" + field.name : field.kind + " " + field.name;
    }

    /** Returns the name of a field's view, with its class if that isn't the struct's. */
    private String qualified(Struct struct, Field field) {
        String view = field.kind.substring(1, field.kind.length() - 1);
        return families.families().stream()
                .filter(family -> family.structs().stream().anyMatch(each -> each.name().equals(view)))
                .filter(family -> !family.structs().contains(struct)).map(family -> family.name() + "." + view)
                .findFirst().orElse(view);
    }

    private static String getter(Field field, String type, String says, String value) {
        return """

                        /** {@return %s} */
                        public %s %s() {
                            return %s;
                        }
                """.formatted(says, type, field.name, value);
    }

    private static String setter(Struct struct, Field field, String type, String says, String statement) {
        return """

                        /**
                         * Sets %s.
                         *
                         * @param value %s
                         * @return this view
                         */
                        public %s %s(%s value) {
                            %s;
                            return this;
                        }
                """.formatted(says, value(type), struct.name(), field.name, type, statement);
    }

    private static String value(String type) {
        return switch (type) {
            case "String" -> "the text, in UTF-8; a NUL is put behind it";
            case "MemorySegment" -> "memory outside the heap, which must stay open as long as the kernel uses it";
            default -> "the value";
        };
    }

    /** Returns the Java expression for a layout, with padding, and with unions where fields overlap. */
    private String layoutOf(Struct struct, Layout layout) {
        List<Field> fields = new ArrayList<>();
        Set<Integer> units = new TreeSet<>();
        for (Field field : layout.fields.values()) {
            if (!field.kind.startsWith("bits")) {
                fields.add(field);
            } else if (units.add(field.offset)) {
                fields.add(new Field("bits_" + field.offset, field.offset, field.kind));
            }
        }
        List<Field> sorted = new ArrayList<>(fields);
        sorted.sort((one, two) -> Integer.compare(one.offset, two.offset));
        List<String> members = new ArrayList<>();
        int end = 0;
        for (int i = 0; i < sorted.size();) {
            int start = sorted.get(i).offset;
            List<Field> overlapping = new ArrayList<>();
            int clusterEnd = start;
            while (i < sorted.size() && (overlapping.isEmpty() || sorted.get(i).offset < clusterEnd
                    || sorted.get(i).offset == start)) {
                clusterEnd = Math.max(clusterEnd, sorted.get(i).offset + sorted.get(i).size(layouts));
                overlapping.add(sorted.get(i));
                i++;
            }
            pad(members, start - end);
            members.add(overlapping.size() == 1
                    ? member(struct, overlapping.getFirst(), layout, start)
                    : union(fields.stream().filter(overlapping::contains).toList(), start, struct, layout));
            end = clusterEnd;
        }
        pad(members, layout.size - end);
        return "MemoryLayout.structLayout(" + String.join(", ", members).replace("),", "),\n                   ") + ")";
    }

    private static void pad(List<String> members, int bytes) {
        if (bytes > 0) {
            members.add("MemoryLayout.paddingLayout(" + bytes + ")");
        }
    }

    /** A union of the fields that overlap: fields that follow each other in memory are one alternative. */
    private String union(List<Field> fields, int start, Struct struct, Layout layout) {
        List<String> alternatives = new ArrayList<>();
        List<String> members = new ArrayList<>();
        int end = start;
        for (Field field : fields) {
            if (field.offset < end) {
                alternatives.add(alternative(members));
                members.clear();
                end = start;
            }
            pad(members, field.offset - end);
            members.add(member(struct, field, layout, field.offset));
            end = field.offset + field.size(layouts);
        }
        alternatives.add(alternative(members));
        return "MemoryLayout.unionLayout(" + String.join(", ", alternatives) + ")";
    }

    private static String alternative(List<String> members) {
        return members.size() == 1
                ? members.getFirst()
                : "MemoryLayout.structLayout(" + String.join(", ", members) + ")";
    }

    private String member(Struct struct, Field field, Layout layout, int offset) {
        Matcher bits = BITS.matcher(field.kind);
        Matcher array = ARRAY.matcher(field.kind);
        String type;
        if (bits.matches()) {
            type = value("u" + bits.group(1), layout, offset);
        } else if (field.kind.startsWith("{")) {
            type = qualified(struct, field) + ".layout()";
        } else if (array.matches()) {
            String count = array.group(2).isEmpty() ? "0" : array.group(2);
            type = "MemoryLayout.sequenceLayout(" + count + ", "
                    + value(array.group(1).isEmpty() ? "u8" : array.group(1), layout, offset) + ")";
        } else {
            type = value(field.kind, layout, offset);
        }
        return type + ".withName(\"" + field.name + "\")";
    }

    private static String value(String scalar, Layout layout, int offset) {
        int bytes = Field.bytes(scalar);
        boolean isAligned = offset % bytes == 0 && layout.alignment >= bytes;
        return switch (bytes) {
            case 1 -> "JAVA_BYTE";
            case 2 -> "JAVA_SHORT";
            case 4 -> "JAVA_INT";
            default -> scalar.equals("ptr") ? "ADDRESS" : "JAVA_LONG";
        } + (isAligned || bytes == 1 ? "" : "_UNALIGNED");
    }
}
