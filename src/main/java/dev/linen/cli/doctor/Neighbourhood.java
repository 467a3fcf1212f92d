package dev.linen.cli.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.fault.SignalNames;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.linen_action;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.thread.FaultContainment;

/**
 * What else is in this process, and around it, that changes what linen does. Nothing here prevents linen from working.
 */
final class Neighbourhood {

    /** The build writes the property jdk.newest of the pom into it. */
    private static final String NEWEST_JDK = "newest-jdk.txt";

    private static final String UNKNOWN = "unknown";

    private static final Pattern LINEN = Pattern.compile("(/memfd:|.*/)liblinen[^/]*( .*)?");

    private static final String SET_BY_THE_KERNEL = "SIG_DFL, SIG_IGN";

    private final Path root;

    /** @param root "/", or a directory with a proc and a sys */
    Neighbourhood(Path root) {
        this.root = root;
    }

    /** By name, in the order of the output. */
    Map<String, String> facts(int jdk, List<Region> regions, String handlers) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("signal handlers", handlers);
        facts.put("copies of linen", copies(regions));
        facts.put("debugger", debugger(regions));
        facts.put("seccomp filter", seccomp());
        facts.put("huge pages", hugePages());
        facts.put("cgroup's pids.max", pidsMax());
        facts.put("tested JDK", testedJdk(jdk));
        return facts;
    }

    private static String testedJdk(int jdk) {
        int newest = newestJdk();
        return jdk <= newest
                ? "yes"
                : "no: " + jdk + " is newer than " + newest + ", the newest that linen was tested with";
    }

    /** The newest JDK with which all tests have passed. */
    static int newestJdk() {
        try (InputStream text = Neighbourhood.class.getResourceAsStream(NEWEST_JDK)) {
            return Integer.parseInt(new String(Objects.requireNonNull(text, NEWEST_JDK).readAllBytes(),
                    StandardCharsets.US_ASCII).strip());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static List<Region> regions() {
        try {
            return MemoryMap.read().regions();
        } catch (UncheckedIOException unreadable) {
            return List.of();
        }
    }

    /**
     * The files whose handlers the kernel calls, by the signals that linen needs, except for the JVM's and those of
     * another copy of linen. Null if no region is known.
     */
    static @Nullable Map<String, String> handlers(List<Region> regions) {
        if (regions.isEmpty()) {
            return null;
        }
        Map<String, String> others = new TreeMap<>();
        for (int signal : FaultHandler.SIGNALS) {
            String file = handlerOf(signal, regions);
            if (!file.endsWith("/libjvm.so") && !file.equals(SET_BY_THE_KERNEL) && !LINEN.matcher(file).matches()) {
                others.put(SignalNames.signal(signal), file);
            }
        }
        return others;
    }

    private static String handlerOf(int signal, List<Region> regions) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(linen_action.layout());
            Syscall.invoke(SyscallNumber.RT_SIGACTION, signal, 0, action.address(),
                    linen_action.mask$layout().byteSize());
            long handler = linen_action.handler(action);
            return handler == Kernel.SIG_DFL().address() || handler == Kernel.SIG_IGN().address()
                    ? SET_BY_THE_KERNEL
                    : regions.stream().filter(region -> region.contains(handler)).map(Region::name).findFirst()
                            .orElse("memory without a name");
        }
    }

    /** @param before those that were installed before linen's; null if unknown */
    static String describe(@Nullable Map<String, String> before, FaultContainment containment) {
        String others = before == null
                ? UNKNOWN
                : before.isEmpty() ? "the JVM's" : "besides the JVM's, other code's: " + before;
        return switch (containment) {
            case REPLACED ->
                others + "; linen's have been replaced: a fault on a native thread is contained only if the "
                        + "new ones call those before them";
            case OFF -> others + "; linen's are off (dev.linen.faults): a fault on a native thread ends the process";
            case ON, READY -> others + "; linen's are in front of them";
        };
    }

    private static String copies(List<Region> regions) {
        if (regions.isEmpty()) {
            return UNKNOWN;
        }
        long copies = regions.stream().filter(region -> LINEN.matcher(region.name()).matches())
                .map(region -> region.device() + " " + region.inode()).distinct().count();
        return copies <= 1
                ? Long.toString(copies)
                : copies + ": one for each class loader; put linen into a loader that all share";
    }

    private String debugger(List<Region> regions) {
        long tracer = status("TracerPid").map(Long::parseLong).orElse(0L);
        if (tracer != 0) {
            String name = lines("proc/" + tracer + "/comm").stream().findFirst().orElse("unknown");
            return "process " + tracer + " (" + name + ") traces this one: it sees each fault before linen does";
        }
        return Agents.first(regions).map(name -> "an agent in the JVM: " + name)
                .orElse(regions.isEmpty() ? UNKNOWN : "none");
    }

    private String seccomp() {
        return switch (status("Seccomp").orElse(UNKNOWN)) {
            case "0" -> "none";
            case "2" -> "yes: it may refuse calls, and a native thread has it too";
            default -> UNKNOWN;
        };
    }

    private String hugePages() {
        return lines("sys/kernel/mm/transparent_hugepage/enabled").stream().findFirst()
                .map(line -> line.replaceFirst(".*\\[(\\w+)].*", "$1"))
                .map(mode -> mode.equals("always")
                        ? "always: the first access to a large mapping may take a huge page"
                        : mode)
                .orElse(UNKNOWN);
    }

    /** The least limit of this process's group and those around it, of the controller's version 1 or 2. */
    private String pidsMax() {
        OptionalLong least = OptionalLong.empty();
        for (String line : lines("proc/self/cgroup")) {
            String[] fields = line.split(":", 3);
            boolean old = fields.length == 3 && List.of(fields[1].split(",")).contains("pids");
            if (old || line.startsWith("0::")) {
                Path group = root.resolve(old ? "sys/fs/cgroup/pids" : "sys/fs/cgroup").resolve(
                        fields[2].replaceFirst("^/+", ""));
                for (Path each = group; each != null && each.startsWith(root.resolve("sys/fs/cgroup")); each = each
                        .getParent()) {
                    OptionalLong limit = number(each.resolve("pids.max"));
                    if (limit.isPresent() && limit.getAsLong() < least.orElse(Long.MAX_VALUE)) {
                        least = limit;
                    }
                }
            }
        }
        return least.isPresent() ? Long.toString(least.getAsLong()) : "unlimited, or unknown";
    }

    private static OptionalLong number(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(Files.readAllLines(file).getFirst().strip()));
        } catch (IOException | NumberFormatException none) { // "max"
            return OptionalLong.empty();
        }
    }

    private Optional<String> status(String field) {
        return lines("proc/self/status").stream().filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1).strip()).findFirst();
    }

    private List<String> lines(String file) {
        try {
            return Files.readAllLines(root.resolve(file));
        } catch (IOException unreadable) {
            return List.of();
        }
    }
}
