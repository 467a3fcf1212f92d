package dev.linen.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

import dev.linen.memory.MemoryMap.Region;
import dev.linen.memory.Protection;

/** Finds the JVM's agents, such as a debugger or a profiler, among the libraries of this process. */
final class Agents {

    /** The JDK's own, and those of other names that are known. */
    private static final Pattern KNOWN = Pattern
            .compile(".*/lib(jdwp|instrument|hprof|asyncProfiler|yjpagent)[^/]*\\.so");

    /** The functions of an agent that the JVM calls; so each agent has one of these names among its symbols. */
    private static final List<String> ENTRY_POINTS = List.of("\0Agent_OnLoad\0", "\0Agent_OnAttach\0");

    private static final long MOST_BYTES = 64 << 20;

    private Agents() {}

    /** The file of the first agent. */
    static Optional<String> first(List<Region> regions) {
        return regions.stream().filter(region -> region.protection().has(Protection.EXEC)).map(Region::name)
                .filter(name -> name.startsWith("/")).distinct()
                .filter(name -> KNOWN.matcher(name).matches() || hasEntryPoint(Path.of(name))).findFirst();
    }

    /** The JDK's libraries have these names too, to look agents up. */
    private static boolean hasEntryPoint(Path file) {
        try {
            if (file.startsWith(System.getProperty("java.home")) || !Files.isRegularFile(file)
                    || Files.size(file) > MOST_BYTES) {
                return false;
            }
            String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
            return ENTRY_POINTS.stream().anyMatch(content::contains);
        } catch (IOException unreadable) {
            return false;
        }
    }
}
