package dev.linen.cli.doctor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.rlimit64;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** The limits on this process's threads and memory, as far as the kernel reports them. */
final class Limits {

    private static final Map<String, Path> SETTINGS = settings("kernel/pid_max", "kernel/threads-max",
            "vm/max_map_count");

    private Limits() {}

    private static Map<String, Path> settings(String... names) {
        Map<String, Path> files = new LinkedHashMap<>();
        for (String name : names) {
            files.put(name.replace('/', '.'), Path.of("/proc/sys", name));
        }
        return files;
    }

    /** Limits of the whole system or of every process, by name; "unknown" if the file can't be read. */
    static Map<String, String> ofSystem() {
        Map<String, String> limits = new LinkedHashMap<>();
        SETTINGS.forEach((name, file) -> limits.put(name, firstLine(file)));
        return limits;
    }

    private static String firstLine(Path file) {
        try {
            // Not readString, which first reads one byte: a file in /proc/sys returns its content to the first read
            // only.
            return Files.readAllLines(file).getFirst().strip();
        } catch (IOException unreadable) {
            return "unknown";
        }
    }

    /** Limits of this process: {@code int prlimit(pid_t pid, int resource, NULL, struct rlimit *old)}. */
    static Map<String, String> ofProcess() {
        Map<String, String> limits = new LinkedHashMap<>();
        limits.put("RLIMIT_NPROC", resource(Kernel.RLIMIT_NPROC));
        limits.put("RLIMIT_AS", resource(Kernel.RLIMIT_AS));
        limits.put("RLIMIT_MEMLOCK", resource(Kernel.RLIMIT_MEMLOCK));
        limits.put("RLIMIT_STACK", resource(Kernel.RLIMIT_STACK));
        return limits;
    }

    private static String resource(int resource) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = rlimit64.allocate(arena);
            long result = Syscall.invoke(SyscallNumber.PRLIMIT64, /* this process */ 0, resource, /* no new one */ 0,
                    limit.address());
            if (Syscall.isError(result)) {
                return "unknown (" + Errno.ofResult(result).orElseThrow() + ")";
            }
            String soft = number(rlimit64.rlim_cur(limit));
            String hard = number(rlimit64.rlim_max(limit));
            return soft.equals(hard) ? soft : soft + ", can be raised to " + hard;
        }
    }

    private static String number(long limit) {
        return limit == Kernel.RLIM64_INFINITY ? "unlimited" : Long.toUnsignedString(limit);
    }
}
