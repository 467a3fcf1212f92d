package dev.linen.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A line that describes the machine of the run. */
final class Machine {

    private Machine() {}

    static String line() {
        return "%s, %d CPUs, %s; Linux %s%s; Java %s (%s); C compiler: %s; load before: %s.".formatted(
                field("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch")),
                Runtime.getRuntime().availableProcessors(),
                field("/proc/meminfo", "MemTotal").map(Machine::gibibytes).orElse("memory unknown"),
                System.getProperty("os.version"),
                field("/proc/cpuinfo", "flags").filter(flags -> (" " + flags + " ").contains(" hypervisor "))
                        .map(flags -> " in a virtual machine").orElse(""),
                System.getProperty("java.runtime.version"), System.getProperty("java.vm.name"), compiler(), load());
    }

    private static Optional<String> field(String file, String name) {
        try (var lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(name)).map(line -> line.replaceFirst("^[^:]*:\\s*", ""))
                    .findFirst();
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    private static String gibibytes(String kibibytes) {
        return String.format(Locale.ROOT, "%.1f GiB",
                Long.parseLong(kibibytes.replaceAll("[^0-9]", "")) / (double) (1 << 20));
    }

    private static String load() {
        try {
            return Files.readString(Path.of("/proc/loadavg")).replaceFirst("(\\S+ \\S+ \\S+).*\n", "$1");
        } catch (IOException none) {
            return "unknown";
        }
    }

    private static String compiler() {
        try {
            return ProgramArm.output(List.of(System.getenv().getOrDefault("CC", "cc").split(" ")[0], "--version"))
                    .getFirst();
        } catch (MissingException | InterruptedException none) {
            return "none";
        }
    }
}
