package dev.linen.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;

/**
 * What a leak would show in: counts of this process at one moment.
 *
 * @param mappings VMAs
 * @param tasks threads, Java's and native
 * @param files open file descriptors
 * @param residentBytes memory in use
 */
public record ProcessState(int mappings, int tasks, int files, long residentBytes) {

    private static final int RESIDENT_PAGES = 1; // the second number of /proc/self/statm

    /** Counts now. */
    public static ProcessState now() {
        try {
            String[] statm = Files.readString(Path.of("/proc/self/statm")).split(" ");
            return new ProcessState(MemoryMap.read().regions().size(), count("/proc/self/task"), count("/proc/self/fd"),
                    Long.parseLong(statm[RESIDENT_PAGES]) * Mapping.pageSize());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static int count(String directory) {
        String[] entries = new File(directory).list();
        return entries == null ? 0 : entries.length;
    }
}
