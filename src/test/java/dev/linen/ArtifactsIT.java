package dev.linen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleDescriptor.Requires.Modifier;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks the metadata of the jar for the module system, OSGi and GraalVM, and the metadata of the pom for a central
 * repository.
 */
class ArtifactsIT {

    private static final Path JAR = Path.of("target/linen.jar");
    private static final String METADATA = "META-INF/native-image/dev.linen/linen/reachability-metadata.json";
    private static final Path COMPILED = Path.of("target/classes/META-INF/native");

    /** A clause of a manifest header. A comma inside quotes doesn't end it. */
    private static final Pattern CLAUSE = Pattern.compile("(?:[^,\"]|\"[^\"]*\")+");

    private static final Pattern DESCRIPTOR = Pattern.compile("FunctionDescriptor\\.(of(?:Void)?)\\(([A-Z_,\\s]*)\\)");

    private static ModuleDescriptor module() {
        return ModuleFinder.of(JAR).find("dev.linen").orElseThrow().descriptor();
    }

    private static Set<String> exports() {
        return module().exports().stream().map(Exports::source).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Attributes manifest() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            return jar.getManifest().getMainAttributes();
        }
    }

    private static List<String> clauses(String header) throws IOException {
        return CLAUSE.matcher(manifest().getValue(header)).results().map(match -> match.group()).toList();
    }

    @Test
    void module_ofTheJar_isWholeAndNeedsNothing() {
        ModuleDescriptor module = module();
        assertEquals(Linen.class.getModule().getDescriptor().exports(), module.exports());
        assertTrue(!module.isAutomatic() && !module.isOpen());
        assertTrue(module.packages().contains("dev.linen.internal.binding"), module::toString);
        assertTrue(module.rawVersion().orElse("").startsWith("0."), module::toString);
        assertEquals(Set.of("java.base"), module.requires().stream()
                .filter(requires -> !requires.modifiers().contains(Modifier.STATIC)).map(Requires::name)
                .collect(Collectors.toSet()));
    }

    @Test
    void manifest_forOsgi_exportsWhatTheModuleExports() throws IOException {
        assertEquals("dev.linen", manifest().getValue("Bundle-SymbolicName"));
        assertEquals("2", manifest().getValue("Bundle-ManifestVersion"));
        Set<String> exported = clauses("Export-Package").stream().map(clause -> clause.split(";", 2)[0])
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(exports(), exported);
        assertTrue(manifest().getValue("Require-Capability").contains("(osgi.ee=JavaSE)(version=22)"));
    }

    @Test
    void manifest_forOsgi_importsNothingThatMustBeThere() throws IOException {
        List<String> required = clauses("Import-Package").stream()
                .filter(clause -> !clause.contains("resolution:=optional"))
                .toList();
        assertEquals(List.of(), required);
    }

    @Test
    void manifest_ofAnyBuild_hasNoUserNameAndNoTime() throws IOException {
        for (String header : List.of("Automatic-Module-Name", "Built-By", "Bnd-LastModified", "Build-Jdk")) {
            assertEquals(null, manifest().getValue(header), header);
        }
    }

    @Test
    void reachability_resources_areInTheJar() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            for (String cpu : List.of("linux-x86_64", "linux-aarch64")) { // one without a compiler is in neither
                assertEquals(Files.exists(COMPILED.resolve(cpu)),
                        jar.getEntry("META-INF/native/" + cpu + "/liblinen.so") != null, cpu);
            }
            assertTrue(jar.stream().anyMatch(entry -> entry.getName().endsWith("/liblinen.so")));
        }
        assertEquals("[{\"glob\":\"META-INF/native/**\"},{\"glob\":\"dev/linen/internal/calls/calls.txt\"}]",
                metadata().get("resources").toString());
    }

    /** Without this metadata, a native image would throw at the first call. */
    @Test
    void reachability_downcalls_areThoseThatLinenLinks() throws IOException {
        JsonObject foreign = metadata().getAsJsonObject("foreign");
        Set<String> listed = foreign.getAsJsonArray("downcalls").asList().stream().map(JsonElement::getAsJsonObject)
                .map(call -> call.get("returnType").getAsString() + call.get("parameterTypes"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(linked(), listed);
        // NativeFunction.ofJava
        assertEquals(1, sources().filter(source -> source.contains("upcallStub(")).count());
        assertEquals("[{\"returnType\":\"long\",\"parameterTypes\":[\"long\"]}]", foreign.get("upcalls").toString());
    }

    private static Set<String> linked() throws IOException {
        Set<String> shapes = new TreeSet<>();
        // The descriptor in NativeFunction is used for an upcall.
        for (String source : sources().filter(source -> source.contains("downcallHandle(")).toList()) {
            DESCRIPTOR.matcher(source).results().forEach(match -> {
                List<String> types = Arrays.stream(match.group(2).split(",\\s*", -1)).map(ArtifactsIT::type).toList();
                shapes.add(match.group(1).equals("of")
                        ? shape(types.getFirst(), types.subList(1, types.size()))
                        : shape("void", types));
            });
        }
        return shapes;
    }

    private static String shape(String result, List<String> parameters) {
        return result + parameters.stream().map(type -> '"' + type + '"').collect(Collectors.joining(",", "[", "]"));
    }

    private static String type(String layout) {
        return switch (layout) {
            case "ADDRESS" -> "void*";
            case "JAVA_INT" -> "int";
            case "JAVA_LONG" -> "long";
            default -> throw new AssertionError("no GraalVM name is known for " + layout);
        };
    }

    private static Stream<String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java")).map(ArtifactsIT::read).toList().stream();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static JsonObject metadata() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile()); InputStream in = jar.getInputStream(jar.getEntry(METADATA))) {
            return JsonParser.parseString(new String(in.readAllBytes(), StandardCharsets.UTF_8)).getAsJsonObject();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"name", "description", "url", "licenses", "developers", "scm"})
    void pom_forACentralRepository_has(String element) {
        assertTrue(read(Path.of("pom.xml")).contains("\n  <" + element + ">"), element);
    }
}
