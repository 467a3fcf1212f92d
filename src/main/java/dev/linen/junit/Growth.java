package dev.linen.junit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import dev.linen.internal.registry.KeptDescriptors;
import dev.linen.internal.registry.KeptThreads;
import dev.linen.memory.MemoryMap.Region;

/**
 * The difference between two snapshots, one line for each leak. Resources that the JVM uses for itself are not listed.
 */
final class Growth {

    private final List<String> lines = new ArrayList<>();

    Growth(ProcessSnapshot before, ProcessSnapshot after, long residentBytes) {
        try {
            addMappings(NewMappings.between(before.mappings(), after.mappings()));
            addThreads(before, after);
        } catch (JvmResources.Unknown unknown) {
            addMappings(after.mappings().ranges().minus(before.mappings().ranges())
                    .partsOf(after.mappings().regions()));
            newThreads(before, after).forEach(this::addThread);
            lines.add(unknown.getMessage());
        }
        addFiles(before.files(), after.files());
        long more = after.residentBytes() - before.residentBytes();
        if (more > residentBytes) {
            lines.add("resident memory: " + more + " bytes more than before, of " + residentBytes + " allowed");
        }
    }

    private void addMappings(List<Region> regions) {
        for (Region region : regions) {
            lines.add("a mapping: " + Long.toHexString(region.start()) + "-" + Long.toHexString(region.end()) + ", "
                    + region.byteSize() + " bytes, " + region.protection()
                    + (region.name().isEmpty() ? "" : ", " + region.name()));
        }
    }

    private static Map<Integer, String> newThreads(ProcessSnapshot before, ProcessSnapshot after) {
        Map<Integer, String> threads = new TreeMap<>(after.threads());
        threads.keySet().removeAll(before.threads().keySet());
        return threads;
    }

    private void addThreads(ProcessSnapshot before, ProcessSnapshot after) throws JvmResources.Unknown {
        Map<Integer, String> threads = newThreads(before, after);
        if (!threads.isEmpty()) {
            JvmResources.Threads jvms = JvmResources.threads();
            threads.keySet().removeAll(jvms.own());
            threads.keySet().removeIf(KeptThreads::contains);
            threads.forEach((tid, name) -> addThread(tid, jvms.programs().getOrDefault(tid, name)));
        }
        if (after.nextThread() > before.nextThread() + 1) {
            JvmResources.virtualThreadsAfter(before.nextThread())
                    .forEach((id, name) -> lines.add("a virtual thread: #" + id + " (" + name + ")"));
        }
    }

    private void addThread(int tid, String name) {
        lines.add("a thread: " + tid + " (" + name + ")");
    }

    /**
     * Compares files by their targets: the number of a closed file descriptor is reused at once. If some of several
     * descriptors of the same target are new, it is those with new numbers.
     */
    private void addFiles(Map<Integer, String> before, Map<Integer, String> after) {
        Map<String, Integer> moved = new HashMap<>();
        Set<Integer> same = new HashSet<>();
        before.forEach((number, target) -> {
            if (target.equals(after.get(number))) {
                same.add(number);
            } else {
                moved.merge(target, 1, Integer::sum);
            }
        });
        after.forEach((number, target) -> {
            if (!same.contains(number) && moved.merge(target, -1, Integer::sum) < 0
                    && !KeptDescriptors.contains(number)) {
                lines.add("an open file: " + number + " -> " + target);
            }
        });
    }

    List<String> lines() {
        return lines;
    }
}
