package dev.linen.internal.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.linen.internal.linux.GeneratedNames.Name;
import dev.linen.testing.CProbe;
import dev.linen.testing.CProbe.Answers;
import dev.linen.testing.Skip;

/**
 * Compares every constant, size and offset that jextract generated from the kernel's headers with this system's headers
 * and C compilers, for both CPUs. The generated code may be from newer headers: the test prints the names that this system's headers
 * lack.
 */
class ConformanceTest {

    /**
     * What newer headers add to: the complement of all futex flags (7.x has three more), and the size and the end of a
     * struct whose fields keep their places.
     */
    private static final Set<String> GROWING = Set.of("Kernel.FUTEX_CMD_MASK", "rseq", "rseq.end");

    /** What was generated for a CPU, and what its compiler says. */
    private record Compared(Map<String, Name> generated, Answers answers) {

        static Compared with(CProbe probe, Machine cpu) {
            try {
                Map<String, Name> generated = GeneratedNames.of(cpu);
                probe.includeThoseOf(Path.of("jextract-config", "kernel.h"))
                        .include(Path.of("src", "main", "c", "linen.h"))
                        .include(Path.of("src", "main", "c", name(cpu), "tls.h"));
                generated.forEach((name, value) -> probe.number(name, value.inC()));
                Answers answers = probe.ask();
                Set<String> skipped = new TreeSet<>(generated.keySet());
                skipped.removeAll(answers.byName().keySet());
                System.out.println("Conformance: " + name(cpu) + ": compared " + answers.byName().size()
                        + "; not in this system's headers: " + skipped + "; missing headers: "
                        + answers.missingHeaders());
                return new Compared(generated, answers);
            } catch (IOException | ReflectiveOperationException failed) {
                throw new AssertionError(failed);
            }
        }
    }

    private static final Map<Machine, Compared> COMPARED = new EnumMap<>(Machine.class);

    private static Machine otherCpu() {
        return Machine.THIS == Machine.X86_64 ? Machine.AARCH64 : Machine.X86_64;
    }

    private static String name(Machine cpu) {
        return cpu.name().toLowerCase(Locale.ROOT);
    }

    /** Skips the test if there is no compiler for the other CPU. */
    private static Compared compared(Machine cpu) {
        String cross = name(cpu) + "-linux-gnu-gcc";
        Skip.unless(cpu == Machine.THIS || Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, cross))), "no " + cross);
        return COMPARED.computeIfAbsent(cpu,
                unknown -> Compared.with(cpu == Machine.THIS ? new CProbe() : CProbe.forAnotherCpu(cross), cpu));
    }

    static List<Machine> cpus() {
        return List.of(Machine.THIS, otherCpu());
    }

    @ParameterizedTest
    @MethodSource("cpus")
    void values_inJava_areThoseInC(Machine cpu) {
        Compared compared = compared(cpu);
        Map<String, String> different = new TreeMap<>();
        compared.answers.byName().forEach((name, c) -> {
            Name java = compared.generated.get(name);
            if (!GROWING.contains(name) && !java.hasValue(Long.parseLong(c))) {
                different.put(name, "Java " + java.value() + ", C " + c);
            }
        });
        assertEquals(Map.of(), different);
    }

    /** Makes sure that the comparison isn't empty. The headers of Debian 12 (6.1) have 1,331 names. */
    @ParameterizedTest
    @MethodSource("cpus")
    void names_compared_areNearlyAll(Machine cpu) {
        Compared compared = compared(cpu);
        Set<String> answered = compared.answers.byName().keySet();
        assertTrue(compared.generated.size() > 1400, () -> compared.generated.size() + " were generated");
        assertTrue(answered.size() > 1200, () -> answered.size() + " were compared");
        assertTrue(answered.stream().anyMatch(name -> name.startsWith("Numbers.")));
        assertTrue(answered.stream().anyMatch(name -> name.startsWith("Cpu.")));
    }

    /** linen.h doesn't depend on the system's headers, so all its names must be compared. */
    @ParameterizedTest
    @MethodSource("cpus")
    void names_ofLinenH_areAllCompared(Machine cpu) {
        Compared compared = compared(cpu);
        Set<String> linens = new TreeSet<>(compared.generated.keySet());
        linens.removeIf(name -> !name.startsWith("LinenH.") && !name.startsWith("linen_"));
        assertTrue(linens.size() > 20, linens::toString);
        linens.removeAll(compared.answers.byName().keySet());
        assertEquals(Set.of(), linens);
    }

    /**
     * Finds uses of generated code that the reflection in this test misses (a typedef, a new kind of class). It can't
     * find uses of constants of Kernel and LinenH, because javac inlines their values.
     */
    @Test
    void names_usedInMain_areComparedOrPrinted() throws IOException, ReflectiveOperationException {
        Set<String> used = new TreeSet<>();
        for (JavaClass type : new ClassFileImporter().importPath(Path.of("target", "classes"))) {
            for (JavaMethodCall call : type.getMethodCallsFromSelf()) {
                String owner = call.getTargetOwner().getName();
                if (owner.startsWith("dev.linen.internal.linux.") && !owner.equals(Machine.class.getName())
                        && !type.getName().startsWith("dev.linen.internal.linux")) {
                    used.add(nameOf(owner.replaceFirst(".*\\.", "").replace('$', '.'), call.getName()));
                }
            }
        }
        assertTrue(used.size() > 50, () -> used.size() + " are used");
        Compared compared = compared(Machine.THIS);
        Set<String> unknown = new TreeSet<>(used);
        unknown.removeAll(compared.generated.keySet());
        unknown.removeAll(GeneratedNames.of(otherCpu()).keySet());
        assertEquals(Set.of(), unknown);
        used.removeAll(compared.answers.byName().keySet());
        System.out.println("Conformance: used by linen, but not in this system's headers: " + used);
    }

    /** Returns the name that a call depends on: the struct for layout(), sizeof() etc.; the field for an accessor. */
    private static String nameOf(String owner, String method) {
        return switch (method) {
            case "layout", "sizeof", "allocate", "allocateArray", "asSlice", "reinterpret" -> owner;
            default -> owner + "." + method.replaceFirst("\\$(offset|layout)$", "");
        };
    }
}
