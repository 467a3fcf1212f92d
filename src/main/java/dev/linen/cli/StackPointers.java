package dev.linen.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where a process's threads have their stacks: by the stack pointers of those that sleep, the last number but one in
 * {@code /proc/PID/task/TID/syscall}.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html">proc_pid_syscall(5)</a>
 */
final class StackPointers {

    private StackPointers() {}

    /** Names of threads by their stack pointers; without those that run, and without all where that is a secret. */
    static Map<Long, String> of(long pid) {
        Map<Long, String> names = new HashMap<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path task : tasks.toList()) {
                read(task, names);
            }
        } catch (IOException | UncheckedIOException unreadable) {
            return names;
        }
        return names;
    }

    private static void read(Path task, Map<Long, String> names) {
        try {
            List<String> words = List.of(Files.readString(task.resolve("syscall")).strip().split(" "));
            if (words.size() >= 3) { // else "running"
                long pointer = Long.parseUnsignedLong(words.get(words.size() - 2).substring("0x".length()), 16);
                names.put(pointer, "thread " + task.getFileName() + " (" + name(task) + ")");
            }
        } catch (IOException ended) {
            // meanwhile; or a secret
        }
    }

    private static String name(Path task) throws IOException {
        return Files.readString(task.resolve("comm")).strip();
    }
}
