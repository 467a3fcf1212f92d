package dev.linen.cli.doctor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

import dev.linen.syscall.Errno;
import dev.linen.thread.FaultContainment;

/**
 * What {@code ./linen doctor} found.
 *
 * @param facts what was found out about the system, by name
 * @param limits limits on threads and memory, by name
 * @param features why the kernel lacks a feature; empty if it has it. Without entries if no system call can be made
 * @param process what else is in this process and around it, by name
 * @param thread the last check, which decides whether linen works
 */
public record Examination(Map<String, String> facts, Map<String, String> limits,
        Map<KernelFeature, Optional<Errno>> features, Map<String, String> process, ThreadCheck thread) {

    /**
     * Runs every check. The thread comes before the limits and features: if linen can't be loaded, it can't make their
     * system calls either.
     */
    public static Examination make() throws InterruptedException {
        Map<String, String> facts = Host.facts();
        Map<String, String> limits = new LinkedHashMap<>(Limits.ofSystem());
        Map<KernelFeature, Optional<Errno>> features = new LinkedHashMap<>();
        boolean calls = canCall();
        @Nullable
        Map<String, String> handlers = calls ? Neighbourhood.handlers(Neighbourhood.regions()) : Map.of();
        ThreadCheck thread = ThreadCheck.run();
        if (calls) {
            limits.putAll(Limits.ofProcess());
            for (KernelFeature feature : KernelFeature.values()) {
                features.put(feature, feature.refusal());
            }
        }
        Map<String, String> process = new Neighbourhood(Path.of("/")).facts(Runtime.version().feature(),
                Neighbourhood.regions(),
                calls
                        ? Neighbourhood.describe(handlers, FaultContainment.now())
                        : "unknown: no system call can be made");
        return new Examination(facts, limits, features, process, thread);
    }

    /** Whether system calls can be made. Where they can, limits are reported even if the thread failed to start. */
    private static boolean canCall() {
        try {
            KernelProbes.mseal();
            return true;
        } catch (UnsupportedOperationException | IllegalCallerException | UnsatisfiedLinkError refused) {
            return false;
        }
    }

    public boolean works() {
        return thread.works();
    }

    public String text() {
        List<String> lines = new ArrayList<>();
        facts.forEach((name, value) -> lines.add(row(name, value)));
        lines.add("");
        limits.forEach((name, value) -> lines.add(row(name, value)));
        lines.add("");
        features.forEach((feature, refusal) -> lines.add(row(feature.title(),
                refusal.map(errno -> "no, " + errno + ": " + feature.without()).orElse("yes"))));
        if (features.isEmpty()) {
            lines.add(row("kernel features", "unknown: no system call can be made"));
        }
        lines.add("");
        process.forEach((name, value) -> lines.add(row(name, value)));
        lines.add("");
        lines.add(row("a native thread", thread.text()));
        lines.add(works() ? "linen works here." : "linen doesn't work here. Remedy: " + thread.remedy());
        return String.join("\n", lines) + "\n";
    }

    private static String row(String name, String value) {
        return String.format(Locale.ROOT, "%-20s %s", name, value);
    }

    public String json() {
        JsonObject object = new JsonObject();
        object.addProperty("works", works());
        object.add("system", object(facts));
        object.add("limits", object(limits));
        JsonObject kernel = new JsonObject();
        features.forEach((feature, refusal) -> kernel.addProperty(feature.title(),
                refusal.map(Errno::toString).orElse("yes")));
        object.add("features", kernel);
        object.add("process", object(process));
        object.addProperty("thread", thread.text());
        object.addProperty("remedy", thread.remedy());
        return new GsonBuilder().disableHtmlEscaping().create().toJson(object) + System.lineSeparator();
    }

    private static JsonObject object(Map<String, String> texts) {
        JsonObject object = new JsonObject();
        texts.forEach(object::addProperty);
        return object;
    }
}
