package dev.linen.syscall.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import dev.linen.internal.calls.CallTable;
import dev.linen.syscall.Constants;
import dev.linen.syscall.abi.Families.Family;
import dev.linen.syscall.abi.Families.Struct;

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

    /** Of structs that grow, a call needs less than all. */
    @Test
    void structs_ofCalls_haveTheSizesInCallsTxt() throws IOException, ReflectiveOperationException {
        Map<String, Integer> smaller = new TreeMap<>();
        int compared = 0;
        for (Family family : Families.read().families()) {
            for (Struct struct : family.structs()) {
                String type = Map.of("msghdr", "user_msghdr", "sigaltstack", "stack_t").getOrDefault(struct.inC(),
                        struct.inC());
                int size = Class.forName("dev.linen.syscall.abi." + family.name() + "$" + struct.name())
                        .getField("SIZE").getInt(null);
                OptionalInt inCalls = Views.AARCH64 ? CallTable.sizeOnArm(type) : CallTable.sizeOnX86(type);
                if (inCalls.isPresent()) {
                    compared++;
                    if (inCalls.getAsInt() != size) {
                        smaller.put(type, inCalls.getAsInt());
                    }
                }
            }
        }
        assertEquals(Map.of("mnt_id_req", 24, "perf_event_attr", 64, "sched_attr", 48), smaller);
        assertTrue(compared > 30, compared + " only");
    }
}
