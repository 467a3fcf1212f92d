package dev.linen.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The system that linen runs on, as far as it is known without linen's native part. */
final class Host {

    private Host() {}

    /** Facts by name, in the order of the output. */
    static Map<String, String> facts() {
        String nativeAccess = nativeAccess(); // before LibC makes a native call
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("cpu", cpu());
        facts.put("java", Runtime.version() + " (" + System.getProperty("java.vendor") + "), "
                + System.getProperty("java.home"));
        facts.put("libc", LibC.describe());
        facts.put("C compiler", compiler());
        facts.put("native access", nativeAccess);
        if (!Files.exists(Path.of("/proc/self"))) {
            facts.put("/proc",
                    "isn't mounted: linen works, but reports of faults have no names, and the stack usage of "
                            + "a thread is unknown");
        }
        return facts;
    }

    private static String cpu() {
        String cpu = System.getProperty("os.arch") + ", " + Runtime.getRuntime().availableProcessors() + " CPUs";
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return cpu + lines.filter(line -> line.startsWith("model name")).findFirst()
                    .map(line -> ", " + line.substring(line.indexOf(':') + 1).strip()).orElse("");
        } catch (IOException unreadable) {
            return cpu;
        }
    }

    /** The compiler that CSource and ./linen run use. */
    private static String compiler() {
        String chosen = Objects.requireNonNullElse(System.getenv("CC"), "").strip();
        String program = chosen.isEmpty() ? "cc" : chosen.split("\\s+", 2)[0];
        boolean found = Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(program)));
        return found
                ? program
                : "none (" + program + "): C files can't be run; on Debian, apt-get install gcc libc6-dev";
    }

    /** To be called before the first native call: a JVM that only warns about that call grants access with it. */
    private static String nativeAccess() {
        Module linen = Host.class.getModule();
        String name = linen.isNamed() ? linen.getName() : "ALL-UNNAMED";
        return linen.isNativeAccessEnabled()
                ? "granted to " + name
                : "not granted: --enable-native-access=" + name + " grants it";
    }
}
