package dev.linen.syscall.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import dev.linen.syscall.abi.Btf.Member;
import dev.linen.syscall.abi.Families.Family;
import dev.linen.syscall.abi.Families.Struct;
import dev.linen.testing.Skip;

/**
 * Compares structs.txt with the types that the running kernel was compiled with. What the kernel hasn't, being older or
 * differently configured, is printed.
 */
class BtfTest {

    private static final Path KERNEL = Path.of("/sys/kernel/btf/vmlinux");
    private static final Pattern LINE = Pattern.compile("(\\w+)(?:/(\\w+))? (\\d+) \\d+: (.*)");
    private static final Pattern FIELD = Pattern.compile("(\\w+)@(\\d+):(\\S+)");
    private static final Pattern BITS = Pattern.compile("bits\\d+\\[(\\d+),(\\d+)]");

    /** The kernel's own names of what it calls otherwise in its headers for programs. */
    private static final Map<String, String> IN_THE_KERNEL = Map.of("msghdr", "user_msghdr",
            "__kernel_itimerspec", "itimerspec64");

    /** Structs of which the kernel has another one of the same name inside. */
    private static final Set<String> OTHERS = Set.of("sigaction", "statfs", "termios");

    @Test
    void layouts_inTheKernel_areTheSame() throws IOException {
        Skip.unless(Files.isReadable(KERNEL), KERNEL + " isn't there or can't be read: the kernel has no BTF");
        String cpu = Views.AARCH64 ? "aarch64" : "x86_64";
        Btf kernel = Btf.of(Files.readAllBytes(KERNEL));
        Map<String, Matcher> lines = new TreeMap<>();
        for (String line : Files.readAllLines(Families.FOLDER.resolve("structs.txt"))) {
            Matcher struct = LINE.matcher(line);
            if (struct.matches() && (struct.group(2) == null || struct.group(2).equals(cpu))) {
                lines.put(struct.group(1), struct);
            }
        }
        Map<String, String> different = new TreeMap<>();
        Set<String> lacking = new TreeSet<>();
        int compared = 0;
        for (Family family : Families.read().families()) {
            for (Struct struct : family.structs()) {
                String name = IN_THE_KERNEL.getOrDefault(struct.inC(), struct.inC());
                Optional<Integer> type = OTHERS.contains(name) ? Optional.empty() : kernel.struct(name);
                if (type.isEmpty()) {
                    lacking.add(name);
                    continue;
                }
                Matcher field = FIELD.matcher(lines.get(struct.name()).group(4));
                while (field.find()) {
                    String path = struct.notes().containsKey(field.group(1))
                            ? struct.notes().get(field.group(1)).path()
                            : field.group(1);
                    Optional<Member> member = kernel.member(type.get(), path);
                    if (member.isEmpty()) {
                        lacking.add(name + "." + path);
                        continue;
                    }
                    Matcher bits = BITS.matcher(field.group(3));
                    int start = Integer.parseInt(field.group(2)) * 8;
                    compared++;
                    if (bits.matches()
                            ? member.get().bits() != start + Integer.parseInt(bits.group(1))
                                    || member.get().width() != Integer.parseInt(bits.group(2))
                            : member.get().bits() != start) {
                        different.put(name + "." + path,
                                field.group() + ", in the kernel at bit " + member.get().bits());
                    }
                }
            }
        }
        System.out.println("BTF: compared " + compared + " fields; not in this kernel: " + lacking);
        assertEquals(Map.of(), different);
        assertTrue(compared > 300, compared + " only");
    }
}
