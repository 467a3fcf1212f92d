package dev.linen.internal.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import dev.linen.internal.linux.GeneratedNames.Name;
import dev.linen.testing.CProbe;
import dev.linen.testing.CProbe.Answers;

/**
 * Compares every constant, size and offset that jextract generated from the kernel's headers with this system's headers
 * and C compiler. The generated code may be from newer headers: the test prints the names that this system's headers
 * lack.
 */
class ConformanceTest {

    /**
     * What newer headers add to: the complement of all futex flags (7.x has three more), and the size of a struct whose
     * fields keep their places.
     */
    private static final Set<String> GROWING = Set.of("Kernel.FUTEX_CMD_MASK", "rseq");

    private static Map<String, Name> generated;
    private static Answers answers;

    @BeforeAll
    static void askTheCompiler() throws IOException, ReflectiveOperationException {
        generated = GeneratedNames.all();
        CProbe probe = new CProbe().includeThoseOf(Path.of("jextract-config", "kernel.h"))
                .include(Path.of("src", "main", "c", "linen.h"))
                .include(Path.of("src", "main", "c", Machine.THIS.name().toLowerCase(Locale.ROOT), "tls.h"));
        generated.forEach((name, value) -> probe.number(name, value.inC()));
        answers = probe.ask();
        Set<String> skipped = new TreeSet<>(generated.keySet());
        skipped.removeAll(answers.byName().keySet());
        System.out.println(
                "Conformance: compared " + answers.byName().size() + "; not in this system's headers: " + skipped
                        + "; missing headers: " + answers.missingHeaders());
    }

    @Test
    void values_inJava_areThoseInC() {
        Map<String, String> different = new TreeMap<>();
        answers.byName().forEach((name, c) -> {
            if (!GROWING.contains(name) && !generated.get(name).hasValue(Long.parseLong(c))) {
                different.put(name, "Java " + generated.get(name).value() + ", C " + c);
            }
        });
        assertEquals(Map.of(), different);
    }

    /** Makes sure that the comparison isn't empty. The headers of Debian 12 (6.1) have 1,331 names. */
    @Test
    void names_compared_areNearlyAll() {
        assertTrue(generated.size() > 1400, () -> generated.size() + " were generated");
        assertTrue(answers.byName().size() > 1200, () -> answers.byName().size() + " were compared");
        assertTrue(answers.byName().keySet().stream().anyMatch(name -> name.startsWith("Numbers.")));
        assertTrue(answers.byName().keySet().stream().anyMatch(name -> name.startsWith("Cpu.")));
    }

    /** linen.h doesn't depend on the system's headers, so all its names must be compared. */
    @Test
    void names_ofLinenH_areAllCompared() {
        Set<String> linens = new TreeSet<>(generated.keySet());
        linens.removeIf(name -> !name.startsWith("LinenH.") && !name.startsWith("linen_"));
        assertTrue(linens.size() > 20, linens::toString);
        linens.removeAll(answers.byName().keySet());
        assertEquals(Set.of(), linens);
    }

    /**
     * Finds uses of generated code that the reflection in this test misses (a typedef, a new kind of class). It can't
     * find uses of constants of Kernel and LinenH, because javac inlines their values.
     */
    @Test
    void names_usedInMain_areComparedOrPrinted() {
        Set<String> used = new TreeSet<>();
        for (JavaClass type : new ClassFileImporter().importPath(Path.of("target", "classes"))) {
            for (JavaMethodCall call : type.getMethodCallsFromSelf()) {
                String owner = call.getTargetOwner().getName();
                if (owner.startsWith("dev.linen.internal.linux.")
                        && !type.getName().startsWith("dev.linen.internal.linux")) {
                    used.add(nameOf(owner.replaceFirst(".*\\.", "").replace('$', '.'), call.getName()));
                }
            }
        }
        assertTrue(used.size() > 50, () -> used.size() + " are used");
        Set<String> unknown = new TreeSet<>(used);
        unknown.removeAll(generated.keySet());
        assertEquals(Set.of(), unknown);
        used.removeAll(answers.byName().keySet());
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
