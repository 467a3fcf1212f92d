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
 * The stack pointers of a process's sleeping threads, which show where their stacks are: the last number but one in
 * {@code /proc/PID/task/TID/syscall}.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html">proc_pid_syscall(5)</a>
 */
final class StackPointers {

    private StackPointers() {}

    /** The names of threads, by their stack pointers. Running threads and threads that may not be read are left out. */
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
        } catch (IOException endedOrDenied) {
            // left out
        }
    }

    private static String name(Path task) throws IOException {
        return Files.readString(task.resolve("comm")).strip();
    }
}
