package dev.linen.syscall.abi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import dev.linen.syscall.abi.Btf.Member;
import dev.linen.syscall.abi.Families.Family;
import dev.linen.syscall.abi.Families.Struct;

/**
 * Writes {@code constants.txt} and {@code structs.txt} anew from the kernel's headers: the names and values of macros
 * and enums as the C compiler has them, the layouts from the types (BTF) that it writes into an object file.
 *
 * <pre>java -cp target/test-classes dev.linen.syscall.abi.Extract USR-INCLUDE</pre>
 *
 * <p>USR-INCLUDE is the {@code usr/include} of an unpacked linux-libc-dev. It needs gcc 12 or newer for both CPUs
 * (Debian's gcc and gcc-aarch64-linux-gnu) and libc's headers for both.
 */
final class Extract {

    /** The CPUs, and what their gcc's name begins with. */
    private static final Map<String, String> CPUS = new LinkedHashMap<>();

    static {
        CPUS.put("x86_64", "x86_64-linux-gnu-");
        CPUS.put("aarch64", "aarch64-linux-gnu-");
    }

    private static final Pattern DEFINE = Pattern.compile("#define ([A-Z_]\\w*) (.+)");
    private static final Pattern ERROR = Pattern.compile("^question:(\\d+):\\d+: error: ", Pattern.MULTILINE);

    /** Fields that stand for nothing yet. */
    private static final String UNUSED = "_.*|(reserved|resv|pad|unused|spare|rsvd)\\w*";

    private final Path headers;
    private final Families families;
    private final Path work;

    /** A constant on one CPU: how it is written in C, its value, and whether its type in C has 32 bits. */
    private record Constant(String inC, long value, boolean isInt) {}

    private Extract(Path headers) throws IOException {
        this.headers = headers;
        families = Families.read();
        work = Files.createTempDirectory("extract-");
    }

    public static void main(String... arguments) throws IOException, InterruptedException {
        Extract extract = new Extract(Path.of(arguments[0]));
        Map<String, Map<String, Constant>> constants = new LinkedHashMap<>();
        Map<String, Map<String, String>> structs = new LinkedHashMap<>();
        for (String cpu : CPUS.keySet()) {
            for (String unit : List.of("kernel.h", "libc.h")) {
                Btf types = extract.types(cpu, unit);
                Map<String, Constant> here = constants.computeIfAbsent(cpu, none -> new TreeMap<>());
                extract.constants(cpu, unit, types).forEach(here::putIfAbsent);
                Map<String, String> layouts = structs.computeIfAbsent(cpu, none -> new HashMap<>());
                extract.structs(types).forEach(layouts::putIfAbsent);
            }
        }
        extract.write("constants.txt", extract.constantLines(constants));
        extract.write("structs.txt", extract.structLines(structs));
    }

    private void write(String file, List<String> lines) throws IOException {
        List<String> all = new ArrayList<>(lines);
        all.addFirst("# Written by Extract from the headers of Linux " + version() + "; don't edit.");
        Files.write(Families.FOLDER.resolve(file), all);
        System.out.println(file + ": " + lines.size());
    }

    private String version() throws IOException {
        return Files.readAllLines(headers.resolve("linux/version.h")).stream()
                .filter(line -> line.matches("#define LINUX_VERSION_(MAJOR|PATCHLEVEL|SUBLEVEL) .*"))
                .map(line -> line.split(" ")[2]).collect(Collectors.joining("."));
    }

    /** Runs a CPU's gcc on a header of ours, with the kernel's headers, and with libc's if the header is libc.h. */
    private String gcc(String cpu, String unit, boolean mayFail, String... options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(CPUS.get(cpu) + "gcc", "-w", "-isystem", headers.toString(),
                "-isystem", headers.resolve(cpu + "-linux-gnu").toString()));
        if (unit.equals("kernel.h")) {
            command.addAll(List.of("-nostdinc", "-ffreestanding"));
        }
        command.addAll(List.of("-include", Families.FOLDER.resolve(unit).toString()));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0 && !mayFail) {
            throw new IOException(command + ": " + output);
        }
        return output;
    }

    private Btf types(String cpu, String unit) throws IOException, InterruptedException {
        Path object = work.resolve("types.o");
        gcc(cpu, unit, false, "-c", "-gbtf", "-fno-eliminate-unused-debug-types", "-x", "c", "/dev/null", "-o",
                object.toString());
        return Btf.of(Btf.section(object, ".BTF"));
    }

    private Map<String, Constant> constants(String cpu, String unit, Btf types)
            throws IOException, InterruptedException {
        Map<String, String> inC = new TreeMap<>();
        types.enumerators().forEach(name -> inC.put(name, ""));
        gcc(cpu, unit, false, "-E", "-dM", "-x", "c", "/dev/null").lines().map(DEFINE::matcher)
                .filter(define -> define.matches())
                .forEach(define -> inC.putIfAbsent(define.group(1), define.group(2)));
        inC.keySet().removeIf(name -> families.of(name).isEmpty());
        List<String> names = new ArrayList<>(inC.keySet());
        Set<String> wrong = new TreeSet<>();
        Path source = work.resolve("values.c");
        Path object = work.resolve("values.o");
        while (true) {
            names.removeAll(wrong);
            wrong.clear();
            StringBuilder program = new StringBuilder(
                    "const struct { long value, isInt; } linen[] __attribute__((section(\".linen\"))) = {\n");
            for (int i = 0; i < names.size(); i++) {
                program.append("#line ").append(i + 1).append(" \"question\"\n{(long) (").append(names.get(i))
                        .append("), _Generic((").append(names.get(i)).append("), int: 1, unsigned: 1, default: 0)},\n");
            }
            Files.writeString(source, program.append("};\n"));
            Files.deleteIfExists(object);
            String output = gcc(cpu, unit, true, "-c", "-fmax-errors=0", source.toString(), "-o", object.toString());
            if (Files.exists(object)) {
                break;
            }
            ERROR.matcher(output).results()
                    .forEach(error -> wrong.add(names.get(Integer.parseInt(error.group(1)) - 1)));
            if (wrong.isEmpty()) {
                throw new IOException(output);
            }
        }
        ByteBuffer values = ByteBuffer.wrap(Btf.section(object, ".linen")).order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Constant> constants = new TreeMap<>();
        for (String name : names) {
            constants.put(name, new Constant(inC.get(name), values.getLong(), values.getLong() != 0));
        }
        return constants;
    }

    private List<String> constantLines(Map<String, Map<String, Constant>> byCpu) {
        Set<String> names = new TreeSet<>();
        byCpu.values().forEach(constants -> names.addAll(constants.keySet()));
        List<String> lines = new ArrayList<>();
        for (Family family : families.families()) {
            lines.add("[" + family.name() + "]");
            for (String name : names) {
                if (families.of(name).orElseThrow() == family) {
                    List<Optional<Constant>> values = byCpu.values().stream()
                            .map(constants -> Optional.ofNullable(constants.get(name))).toList();
                    boolean isLong = family.isLong(name)
                            || !family.isInt(name)
                                    && values.stream().flatMap(Optional::stream).anyMatch(value -> !fitsInt(value));
                    List<String> texts = values.stream()
                            .map(value -> value.map(present -> literal(present, isLong)).orElse("-")).toList();
                    boolean isSame = texts.stream().distinct().count() == 1;
                    lines.add(name + (isLong ? " long " : " int ")
                            + (isSame ? texts.getFirst() : String.join(" ", texts)));
                }
            }
        }
        return lines;
    }

    /**
     * Constants of C's type long are ints in Java if they can be: widening is free, narrowing needs a cast. ioctl's
     * numbers are of that type only because they contain a sizeof.
     */
    private static boolean fitsInt(Constant constant) {
        return constant.isInt || constant.value == (int) constant.value
                || constant.inC.matches(".*IO[CRW]+ ?\\(.*") && constant.value >>> Integer.SIZE == 0;
    }

    /** Writes numbers as C does: flags in base 16, permissions in base 8. */
    private static String literal(Constant constant, boolean isLong) {
        long value = isLong ? constant.value : (int) constant.value;
        if (constant.inC.matches("[(]?0[0-7]+[)]?") && value > 7) {
            return "0" + Long.toOctalString(value);
        }
        boolean isDecimal = constant.inC.isEmpty()
                ? value < 128 || Long.bitCount(value) > 1
                : constant.inC.matches("[(]?-?\\d+[A-Z]*[)]?");
        boolean isHex = !isDecimal && (value > 9 || value < -(1 << 24));
        return isHex
                ? "0x" + (isLong ? Long.toHexString(value) : Integer.toHexString((int) value))
                : Long.toString(value);
    }

    /** Returns a line for each struct: its size, its alignment, and its fields. */
    private Map<String, String> structs(Btf types) {
        Map<String, String> lines = new HashMap<>();
        for (Family family : families.families()) {
            for (Struct struct : family.structs()) {
                types.struct(struct.inC()).ifPresent(type -> lines.put(struct.name(), line(types, type, struct)));
            }
        }
        return lines;
    }

    private String line(Btf types, int type, Struct struct) {
        Map<String, String> fields = new LinkedHashMap<>();
        Set<String> renamed = struct.notes().values().stream().map(note -> note.path().split("\\.")[0])
                .collect(Collectors.toSet());
        for (Member member : types.members(type)) {
            boolean isNoted = struct.notes().containsKey(member.name());
            if (isNoted || !renamed.contains(member.name()) && !member.name().matches(UNUSED)) {
                fields.put(member.name(), field(types, type, struct, member.name()));
            }
        }
        struct.notes().keySet().forEach(name -> fields.put(name, field(types, type, struct, name)));
        fields.values().removeIf(String::isEmpty);
        int size = types.bytes(type);
        int natural = types.alignment(type);
        int alignment = size % natural == 0 ? natural : 1; // packed: no other way to have such a size
        return size + " " + alignment + ": " + String.join(" ", fields.values());
    }

    private String field(Btf types, int type, Struct struct, String name) {
        String path = struct.notes().containsKey(name) ? struct.notes().get(name).path() : name;
        if (path.equals("-")) {
            return "";
        }
        Member member = types.member(type, path)
                .orElseThrow(() -> new IllegalArgumentException(struct.name() + " has no " + path));
        if (member.width() > 0) {
            int unit = types.bytes(member.type()) * 8;
            return name + "@" + member.bits() / unit * unit / 8 + ":bits" + unit + "[" + member.bits() % unit + ","
                    + member.width() + "]";
        }
        String kind = types.shortName(member.type());
        if (types.isStruct(member.type())) {
            int size = types.bytes(member.type());
            String tag = types.tag(member.type());
            kind = tag.equals("") || families.viewOf(tag).isEmpty()
                    ? size == Long.BYTES && types.members(member.type()).size() == 1 ? "u64" : "[" + size + "]"
                    : "{" + families.viewOf(tag).orElseThrow() + "}";
        }
        return name + "@" + member.bits() / 8 + ":" + kind;
    }

    private List<String> structLines(Map<String, Map<String, String>> byCpu) {
        List<String> lines = new ArrayList<>();
        for (Family family : families.families()) {
            for (Struct struct : family.structs()) {
                Set<String> layouts = byCpu.values().stream().map(structs -> structs.get(struct.name()))
                        .collect(Collectors.toSet());
                if (layouts.contains(null)) {
                    throw new IllegalArgumentException("no struct " + struct.inC());
                }
                byCpu.forEach((cpu, structs) -> {
                    if (layouts.size() > 1 || cpu.equals(CPUS.keySet().iterator().next())) {
                        lines.add(struct.name() + (layouts.size() > 1 ? "/" + cpu : "") + " "
                                + structs.get(struct.name()));
                    }
                });
            }
        }
        return lines;
    }
}
