package dev.linen.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;

/**
 * Counts of the resources of this process, in which a leak would show.
 *
 * @param mappings the number of VMAs
 * @param tasks the number of threads, both of Java and native
 * @param files the number of open file descriptors
 * @param residentBytes the resident memory
 */
public record ProcessState(int mappings, int tasks, int files, long residentBytes) {

    private static final int RESIDENT_PAGES = 1; // the second number of /proc/self/statm

    /** Returns the current counts. */
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
