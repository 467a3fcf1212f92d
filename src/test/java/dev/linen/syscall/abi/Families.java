package dev.linen.syscall.abi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What {@code families.txt} says: the classes of dev.linen.syscall.abi, with their constants and structs. */
record Families(List<Family> families, List<String> never) {

    static final Path FOLDER = Path.of("src", "main", "abi");

    /** A class, the patterns of its constants, and its structs. */
    record Family(String name, String text, List<String> patterns, List<String> longs, List<String> ints,
            List<Struct> structs) {

        boolean has(String constant) {
            boolean has = false;
            for (String pattern : patterns) {
                if (pattern.startsWith("-") && constant.matches(pattern.substring(1))) {
                    return false;
                }
                has |= constant.matches(pattern);
            }
            return has;
        }

        boolean isInt(String constant) {
            return ints.stream().anyMatch(constant::matches);
        }

        boolean isLong(String constant) {
            return longs.stream().anyMatch(constant::matches);
        }
    }

    /** A struct, its name in C, and what is said of its fields. */
    record Struct(String name, String inC, String text, Map<String, Note> notes) {}

    /** What is said of a field: its path in C, whether it is an address, and a text. */
    record Note(String path, boolean isAddress, String text) {}

    private static final Pattern STRUCT = Pattern.compile("struct (\\w+)(?: = (\\w+))? (.*)");
    private static final Pattern NOTE = Pattern.compile("  (\\w+)(\\*?)(?: = (\\S+))? ?(.*)");

    static Families read() throws IOException {
        List<Family> families = new ArrayList<>();
        List<String> never = new ArrayList<>();
        for (String line : Files.readAllLines(FOLDER.resolve("families.txt"))) {
            String[] words = line.split(" ", 3);
            switch (words[0]) {
                case "family" -> families
                        .add(new Family(words[1], words[2], new ArrayList<>(), new ArrayList<>(),
                                new ArrayList<>(), new ArrayList<>()));
                case "constants" -> families.getLast().patterns.addAll(patterns(line));
                case "never" -> never.addAll(patterns(line));
                case "long" -> families.getLast().longs.addAll(patterns(line));
                case "int" -> families.getLast().ints.addAll(patterns(line));
                case "struct" -> {
                    var struct = STRUCT.matcher(line);
                    if (!struct.matches()) {
                        throw new IllegalArgumentException(line);
                    }
                    families.getLast().structs.add(new Struct(struct.group(1),
                            Optional.ofNullable(struct.group(2)).orElse(struct.group(1)), struct.group(3),
                            new LinkedHashMap<>()));
                }
                default -> {
                    var note = NOTE.matcher(line);
                    if (note.matches()) {
                        families.getLast().structs.getLast().notes.put(note.group(1),
                                new Note(Optional.ofNullable(note.group(3)).orElse(note.group(1)),
                                        !note.group(2).isEmpty(), note.group(4)));
                    } else if (!line.isEmpty() && !line.startsWith("#")) {
                        throw new IllegalArgumentException(line);
                    }
                }
            }
        }
        return new Families(families, never);
    }

    private static List<String> patterns(String line) {
        return List.of(line.split(" ")).subList(1, line.split(" ").length);
    }

    /** Returns the family of a constant: the first that has it. */
    Optional<Family> of(String constant) {
        return never.stream().anyMatch(constant::matches)
                ? Optional.empty()
                : families.stream().filter(family -> family.has(constant)).findFirst();
    }

    /** Returns the view of a struct in C. */
    Optional<String> viewOf(String inC) {
        return families.stream().flatMap(family -> family.structs.stream()).filter(struct -> struct.inC.equals(inC))
                .map(Struct::name).findFirst();
    }
}
