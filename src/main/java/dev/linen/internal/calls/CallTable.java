package dev.linen.internal.calls;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** All system calls, in the order of their numbers on x86-64: the contents of {@code calls.txt}. */
public final class CallTable {

    /** Read on first use: only documentation and the messages of exceptions need it. */
    private static final CallTable TABLE = read();

    private final Map<String, SystemCall> calls = new LinkedHashMap<>();
    private final Map<String, int[]> sizes = new HashMap<>();

    private CallTable() {}

    /** Returns all calls. */
    public static List<SystemCall> all() {
        return List.copyOf(TABLE.calls.values());
    }

    /** Returns the call of a name. */
    public static Optional<SystemCall> of(String name) {
        return Optional.ofNullable(TABLE.calls.get(name));
    }

    /** Returns the size of a type on x86-64, in bytes; empty if it depends on something. */
    public static OptionalInt sizeOnX86(String type) {
        int[] size = TABLE.sizes.get(type);
        return size == null ? OptionalInt.empty() : OptionalInt.of(size[0]);
    }

    /** Returns the size of a type on aarch64, in bytes; empty if it depends on something. */
    public static OptionalInt sizeOnArm(String type) {
        int[] size = TABLE.sizes.get(type);
        return size == null ? OptionalInt.empty() : OptionalInt.of(size[size.length - 1]);
    }

    /** Returns the types that have a size. */
    public static List<String> types() {
        return TABLE.sizes.keySet().stream().sorted().toList();
    }

    private static CallTable read() {
        List<String> lines = lines().stream().filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
        Map<String, String> refused = remarks(lines, "refused ");
        Map<String, String> careful = remarks(lines, "careful ");
        CallTable table = new CallTable();
        for (String line : lines) {
            if (line.startsWith("size ")) {
                String[] words = line.split(" ", -1);
                table.sizes.put(words[1], words.length == 3
                        ? new int[]{Integer.parseInt(words[2])}
                        : new int[]{Integer.parseInt(words[2]), Integer.parseInt(words[3])});
            } else if (!line.startsWith("refused ") && !line.startsWith("careful ")) {
                String name = line.split("[ (]", -1)[2];
                table.calls.put(name,
                        SystemCall.parse(line, refused.getOrDefault(name, ""), careful.getOrDefault(name, "")));
            }
        }
        return table;
    }

    private static Map<String, String> remarks(List<String> lines, String kind) {
        Map<String, String> remarks = new HashMap<>();
        for (String line : lines) {
            if (line.startsWith(kind)) {
                String[] namesAndText = line.substring(kind.length()).split(": ", 2);
                for (String name : namesAndText[0].split(" ", -1)) {
                    remarks.merge(name, namesAndText[1], (first, second) -> first + "; " + second);
                }
            }
        }
        return remarks;
    }

    private static List<String> lines() {
        try (InputStream file = CallTable.class.getResourceAsStream("calls.txt")) {
            if (file == null) {
                throw new IllegalStateException("calls.txt isn't in linen's jar");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
