package dev.linen;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Checks the layers of packages, as described in docs/architecture.md, and which packages a layer may use. */
class ArchitectureTest {

    private static final String INTERNAL = "dev.linen.internal";

    /**
     * The layers of the packages. A subpackage that isn't listed is in the layer of its parent. The command line and
     * the test support are at the top.
     */
    private static final Map<String, Integer> LAYERS = Map.ofEntries(Map.entry("dev.linen.internal.linux", -2),
            Map.entry("dev.linen.internal.binding", -1),
            Map.entry("dev.linen.internal.elf", -1),
            Map.entry("dev.linen.internal.registry", -2),
            Map.entry("dev.linen.internal.calls", -2),
            Map.entry("dev.linen.syscall", 0),
            Map.entry("dev.linen.memory", 1),
            Map.entry("dev.linen.futex", 1),
            Map.entry("dev.linen.process", 1),
            Map.entry("dev.linen.function", 2),
            Map.entry("dev.linen.internal.stack", 2),
            Map.entry("dev.linen.internal.fault", 2),
            Map.entry("dev.linen.internal.helper", 2),
            Map.entry("dev.linen.thread", 3),
            Map.entry("dev.linen", 4),
            Map.entry("dev.linen.inject", 4),
            Map.entry("dev.linen.junit", 5),
            Map.entry("dev.linen.powercut", 5),
            Map.entry("dev.linen.cli", 6));

    private static final String GENERATED = "dev.linen.internal.linux";

    /** A folder of more files is hard to survey. */
    private static final int MOST_FILES = 25;

    /** The packages below the top layers, and which others each may use. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(Map.entry("internal.linux", Set.of()),
            Map.entry("internal.elf", Set.of()),
            Map.entry("internal.registry", Set.of()),
            Map.entry("internal.calls", Set.of()),
            Map.entry("internal.binding", Set.of("internal.linux", "internal.registry")),
            Map.entry("syscall", Set.of("internal.linux", "internal.binding", "internal.calls")),
            Map.entry("memory", Set.of("internal.linux", "internal.binding", "internal.registry", "syscall")),
            Map.entry("futex", Set.of("internal.linux", "internal.binding", "syscall")),
            Map.entry("process", Set.of("internal.linux", "internal.binding", "syscall")),
            Map.entry("function", Set.of("internal.binding", "internal.registry", "syscall", "memory")),
            Map.entry("internal.stack", Set.of("internal.linux", "internal.registry", "syscall", "memory")),
            Map.entry("internal.fault",
                    Set.of("internal.linux", "internal.binding", "internal.elf", "internal.registry",
                            "syscall", "memory")),
            Map.entry("internal.helper", Set.of("internal.binding", "syscall")),
            Map.entry("thread", Set.of("internal.linux", "internal.binding", "internal.stack", "internal.fault",
                    "internal.helper", "syscall", "memory", "futex", "process", "function")),
            Map.entry("inject", Set.of("internal.linux", "internal.binding", "internal.helper", "internal.registry",
                    "syscall", "memory", "futex", "function", "thread")));

    /** The cycles that there are, each with its reason. */
    private static final Set<Set<String>> CYCLES = Set.of(
            // NativeThread.builder() is where users look for a builder.
            Set.of("dev.linen.thread.NativeThread", "dev.linen.thread.NativeThreadBuilder"),
            // In JUnit, an annotation names its extension, and the extension reads the annotation.
            Set.of("dev.linen.junit.NoLeaks", "dev.linen.junit.NoLeaksExtension"),
            Set.of("dev.linen.junit.LinuxOnly", "dev.linen.junit.LinuxOnlyCondition"),
            // The parent process serializes what the child process runs.
            Set.of("dev.linen.junit.ChildJvm", "dev.linen.junit.ChildBody"));

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(Path.of("target", "classes"));

    /** Makes sure that the other tests don't pass because no classes were imported. */
    @Test
    void classes_imported_areThatMany() {
        Map<String, Integer> sizes = new TreeMap<>();
        CLASSES.forEach(type -> sizes.merge(listedPackage(type), 1, Integer::sum));
        assertEquals(new TreeSet<>(LAYERS.keySet()), sizes.keySet());
        int outsideGenerated = CLASSES.size() - sizes.get("dev.linen.internal.linux");
        assertTrue(outsideGenerated >= 60, () -> sizes.toString());
        assertTrue(sizes.values().stream().allMatch(size -> size >= 3), () -> sizes.toString());
    }

    @Test
    void dependencies_betweenRooms_goDownward() {
        List<String> wrong = new ArrayList<>();
        for (JavaClass type : CLASSES) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (target.getPackageName().startsWith("dev.linen")
                        && !listedPackage(target).equals(listedPackage(type))
                        && layer(target) >= layer(type)) {
                    wrong.add(dependency.getDescription());
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** A package uses only those below it that it needs. */
    @Test
    void dependencies_ofEachPackage_areThoseListed() {
        Map<String, Set<String>> found = new TreeMap<>();
        LAYERS.keySet().forEach(room -> found.put(room, new TreeSet<>()));
        for (JavaClass type : CLASSES) {
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (target.getPackageName().startsWith("dev.linen")
                        && !listedPackage(target).equals(listedPackage(type))) {
                    found.get(listedPackage(type)).add(shortName(listedPackage(target)));
                }
            }
        }
        Map<String, Set<String>> wrong = new TreeMap<>();
        found.forEach((room, uses) -> {
            Set<String> notAllowed = new TreeSet<>(uses);
            notAllowed.removeAll(MAY_USE.getOrDefault(shortName(room), uses));
            if (!notAllowed.isEmpty()) {
                wrong.put(room, notAllowed);
            }
        });
        assertEquals(Map.of(), wrong);
    }

    private static String shortName(String room) {
        return room.replaceFirst("dev\\.linen\\.", "");
    }

    @Test
    void files_ofEachPackage_areFew() {
        Map<String, Long> large = CLASSES.stream().filter(type -> !listedPackage(type).equals(GENERATED))
                .filter(type -> !type.getName().contains("$") && !type.getSimpleName().equals("package-info"))
                .collect(Collectors.groupingBy(JavaClass::getPackageName, TreeMap::new, Collectors.counting()));
        large.values().removeIf(files -> files <= MOST_FILES);
        assertEquals(Map.of(), large);
    }

    /** Classes that depend on each other can't be understood one after the other. */
    @Test
    void classes_ofEachPackage_haveNoCycle() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (JavaClass type : CLASSES) {
            if (!listedPackage(type).equals(GENERATED)) {
                Set<String> used = uses.computeIfAbsent(file(type), unknown -> new TreeSet<>());
                for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                    JavaClass target = dependency.getTargetClass().getBaseComponentType();
                    if (target.getPackageName().equals(type.getPackageName()) && !file(target).equals(file(type))) {
                        used.add(file(target));
                    }
                }
            }
        }
        Set<Set<String>> cycles = new HashSet<>();
        for (String each : uses.keySet()) {
            Set<String> cycle = new TreeSet<>(reachable(each, uses));
            cycle.removeIf(other -> !reachable(other, uses).contains(each));
            if (!cycle.isEmpty()) {
                cycles.add(cycle);
            }
        }
        cycles.removeAll(CYCLES);
        assertEquals(Set.of(), cycles);
        assertTrue(uses.size() >= 100, uses.size() + " files only");
    }

    private static String file(JavaClass type) {
        return type.getName().replaceFirst("\\$.*", "");
    }

    private static Set<String> reachable(String from, Map<String, Set<String>> uses) {
        Set<String> reached = new TreeSet<>();
        Deque<String> next = new ArrayDeque<>(uses.getOrDefault(from, Set.of()));
        while (!next.isEmpty()) {
            String each = next.remove();
            if (reached.add(each)) {
                next.addAll(uses.getOrDefault(each, Set.of()));
            }
        }
        return reached;
    }

    @Test
    void packages_all_areFreeOfCycles() {
        slices().matching("dev.linen.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void publicSignatures_ofExportedPackages_mentionNoInternalType() {
        Set<String> exported = exportedPackages();
        List<String> mentions = new ArrayList<>();
        int looked = 0;
        for (JavaClass type : CLASSES) {
            if (exported.contains(type.getPackageName()) && isVisible(type.getModifiers())) {
                looked++;
                Stream<JavaType> above = Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
                Stream<JavaType> inFields = type.getFields().stream().filter(field -> isVisible(field.getModifiers()))
                        .map(JavaField::getType);
                Stream<JavaType> inCodeUnits = type.getCodeUnits().stream()
                        .filter(codeUnit -> isVisible(codeUnit.getModifiers())).flatMap(ArchitectureTest::types);
                Stream.of(above, inFields, inCodeUnits).flatMap(types -> types)
                        .flatMap(mentioned -> mentioned.getAllInvolvedRawTypes().stream())
                        .filter(mentioned -> mentioned.getPackageName().startsWith(INTERNAL))
                        .forEach(internal -> mentions.add(type.getName() + " mentions " + internal.getName()));
            }
        }
        assertEquals(List.of(), mentions);
        assertTrue(looked >= 15, looked + " classes only");
    }

    private static Stream<JavaType> types(JavaCodeUnit codeUnit) {
        return Stream.of(Stream.of(codeUnit.getReturnType()), codeUnit.getParameterTypes().stream(),
                codeUnit.getExceptionTypes().stream().map(JavaType.class::cast)).flatMap(types -> types);
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    @Test
    void packages_all_areNullMarked() {
        Set<String> marked = CLASSES.stream().filter(type -> type.getSimpleName().equals("package-info"))
                .filter(type -> type.isAnnotatedWith(NullMarked.class)).map(JavaClass::getPackageName)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> packages = CLASSES.stream().map(JavaClass::getPackageName).filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(packages, marked);
    }

    /** Surefire writes the reasons of JUnit's own skips only to its reports. Those of Skip are printed. */
    @Test
    void tests_thatCannotRun_skipByTheClassThatPrintsTheReason() {
        Set<String> skipping = new TreeSet<>();
        for (JavaClass type : new ClassFileImporter().importPath(Path.of("target", "test-classes"))) {
            type.getDirectDependenciesFromSelf().stream().map(use -> use.getTargetClass().getName())
                    .filter(name -> name.matches(
                            "org\\.(opentest4j\\.TestAborted.*|junit\\.jupiter\\.api\\.(Assum|Disab|condition).*)"))
                    .forEach(used -> skipping.add(type.getName()));
        }
        assertEquals(Set.of("dev.linen.testing.Skip"), skipping);
    }

    @Test
    void module_exports_areThePackagesForUsers() {
        assertEquals(Set.of("dev.linen", "dev.linen.thread", "dev.linen.function", "dev.linen.futex",
                "dev.linen.inject", "dev.linen.memory", "dev.linen.process", "dev.linen.syscall",
                "dev.linen.syscall.abi",
                "dev.linen.junit", "dev.linen.powercut"), exportedPackages());
    }

    private static Set<String> exportedPackages() {
        ModuleDescriptor module = Linen.class.getModule().getDescriptor();
        return module.exports().stream().filter(exports -> !exports.isQualified()).map(Exports::source)
                .collect(Collectors.toSet());
    }

    private static int layer(JavaClass type) {
        return LAYERS.get(listedPackage(type));
    }

    /**
     * Returns the listed package that contains a class, directly or in a subpackage. dev.linen has no subpackages in
     * this sense.
     */
    private static String listedPackage(JavaClass type) {
        String name = type.getPackageName();
        if (type.getName().equals("module-info") || LAYERS.containsKey(name)) {
            return type.getName().equals("module-info") ? "dev.linen" : name;
        }
        String above = name.substring(0, Math.max(name.lastIndexOf('.'), 0));
        if (above.equals("dev.linen") || !LAYERS.containsKey(above)) {
            throw new AssertionError(name + " isn't listed in LAYERS: add it");
        }
        return above;
    }
}
