package dev.linen.junit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import dev.linen.internal.registry.KeptDescriptors;
import dev.linen.memory.MemoryMap.Region;

/**
 * The difference between two snapshots, one line for each leak. Resources that the JVM uses for itself are not listed.
 */
final class Growth {

    /**
     * Prefixes of the names of threads that the JVM and linen start at any time. The kernel truncates names to 15
     * characters.
     */
    private static final List<String> OWN_THREADS = List.of("C1 CompilerThre", "C2 CompilerThre", "GC Thread#", "G1 ",
            "ZWorker", "XWorker", "Shenandoah", "Cleaner-", "Common-Cleaner", "process reaper", "Attach Listener",
            "ForkJoinPool-1-", "ForkJoinPool.co", "VirtualThread-u", "Read-Poller", "Write-Poller", "linen-watcher",
            "linen-reclaimer", "linen-helper");

    private final List<String> lines = new ArrayList<>();

    Growth(ProcessSnapshot before, ProcessSnapshot after, long residentBytes) {
        for (Region region : NewMappings.between(before.regions(), after.regions())) {
            lines.add("a mapping: " + Long.toHexString(region.start()) + "-" + Long.toHexString(region.end()) + ", "
                    + region.byteSize() + " bytes, " + region.protection()
                    + (region.name().isEmpty() ? "" : ", " + region.name()));
        }
        after.threads().forEach((tid, name) -> {
            if (!before.threads().containsKey(tid) && OWN_THREADS.stream().noneMatch(name::startsWith)) {
                lines.add("a thread: " + tid + " (" + name + ")");
            }
        });
        addFiles(before.files(), after.files());
        long more = after.residentBytes() - before.residentBytes();
        if (more > residentBytes) {
            lines.add("resident memory: " + more + " bytes more than before, of " + residentBytes + " allowed");
        }
    }

    /** Compares files by their targets: the number of a closed file descriptor is reused at once. */
    private void addFiles(Map<Integer, String> before, Map<Integer, String> after) {
        Map<String, Integer> known = new HashMap<>();
        before.values().forEach(target -> known.merge(target, 1, Integer::sum));
        after.forEach((number, target) -> {
            if (known.merge(target, -1, Integer::sum) < 0 && !isOwn(target)
                    && !KeptDescriptors.contains(number)) {
                lines.add("an open file: " + number + " -> " + target);
            }
        });
    }

    /**
     * Whether the file belongs to the JDK, is on the class path or module path, or is a random device, which the JDK
     * keeps open.
     */
    private static boolean isOwn(String target) {
        return target.startsWith(System.getProperty("java.home", "?")) || target.matches("/dev/u?random")
                || Stream.of("java.class.path", "jdk.module.path", "surefire.test.class.path")
                        .anyMatch(path -> List.of(System.getProperty(path, "").split(":")).contains(target));
    }

    List<String> lines() {
        return lines;
    }
}
