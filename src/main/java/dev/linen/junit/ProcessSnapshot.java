package dev.linen.junit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

import dev.linen.memory.Mapping;

/**
 * A snapshot of the resources of this process.
 *
 * @param mappings the mappings that may be a program's
 * @param threads the names of all threads by tid: Java threads, native threads and those of the JVM
 * @param nextThread a Java thread that is created after the snapshot has a greater id
 * @param files the targets of the file descriptors, by number
 * @param residentBytes the resident memory in bytes
 */
record ProcessSnapshot(NewMappings.Unexplained mappings, Map<Integer, String> threads, long nextThread,
        Map<Integer, String> files, long residentBytes) {

    private static final Path THREADS = Path.of("/proc/self/task");
    private static final Path FILES = Path.of("/proc/self/fd");
    private static final int RESIDENT_PAGES = 1; // the second number of statm

    static ProcessSnapshot now() {
        try {
            long pages = Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[RESIDENT_PAGES]);
            return new ProcessSnapshot(NewMappings.now(),
                    each(THREADS, thread -> Files.readString(thread.resolve("comm")).strip()),
                    Thread.ofVirtual().unstarted(() -> {}).threadId(),
                    each(FILES, file -> Files.readSymbolicLink(file).toString()), pages * Mapping.pageSize());
        } catch (IOException unreadable) {
            throw new UncheckedIOException("the resources of this process can't be read", unreadable);
        }
    }

    private interface Question {
        String ask(Path entry) throws IOException;
    }

    private static Map<Integer, String> each(Path directory, Question question) throws IOException {
        Map<Integer, String> answers = new TreeMap<>();
        String[] numbers = new File(directory.toString()).list();
        if (numbers == null) {
            throw new IOException(directory + " can't be read");
        }
        for (String number : numbers) {
            try {
                answers.put(Integer.valueOf(number), question.ask(directory.resolve(number)));
            } catch (IOException gone) {
                // closed or ended meanwhile, such as the file descriptor that listed the directory
            }
        }
        return answers;
    }
}
