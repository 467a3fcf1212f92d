package dev.linen.syscall.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import dev.linen.syscall.Constants;

/** Checks that the classes of dev.linen.syscall.abi are what the generator makes of src/main/abi. */
class AbiTest {

    private static final Set<String> BY_HAND = Set.of("Macros.java", "Views.java", "package-info.java");

    @Test
    void classes_generatedAgain_areTheSameBytes() throws IOException {
        Map<String, String> generated = AbiGenerator.generate();
        Set<String> different = new TreeSet<>();
        generated.forEach((file, text) -> {
            try {
                if (!Files.readString(AbiGenerator.OUTPUT.resolve(file)).equals(text)) {
                    different.add(file);
                }
            } catch (IOException missing) {
                different.add(file);
            }
        });
        assertEquals(Set.of(), different, "run AbiGenerator");
        try (Stream<Path> files = Files.list(AbiGenerator.OUTPUT)) {
            Set<String> names = files.map(file -> file.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
            names.removeAll(BY_HAND);
            assertEquals(generated.keySet(), names);
        }
    }

    /** Constants lists the classes by hand. */
    @Test
    void constants_byName_areAllOfTheData() throws IOException {
        int column = Views.AARCH64 ? 1 : 0;
        Map<String, Long> data = new TreeMap<>();
        for (String line : Files.readAllLines(Families.FOLDER.resolve("constants.txt"))) {
            String[] words = line.split(" ");
            String value = words.length < 3 ? "-" : words[Math.min(2 + column, words.length - 1)];
            if (!line.startsWith("#") && !value.equals("-")) {
                long number = Constants.parse(value);
                data.put(words[0], words[1].equals("int") ? (int) number : number);
            }
        }
        assertEquals(data, Constants.startingWith(""));
        assertTrue(data.size() > 4000, data.size() + " only");
    }
}
