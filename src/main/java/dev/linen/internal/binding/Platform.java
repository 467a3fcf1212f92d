package dev.linen.internal.binding;

import java.util.Optional;

/** Tells whether linen has a native part for this operating system and CPU. */
public final class Platform {

    private Platform() {}

    /** The CPU by the name the kernel's sources use ("x86_64"), or what Java calls it when linen doesn't know it. */
    static String cpu() {
        String name = System.getProperty("os.arch", "an unnamed CPU");
        return switch (name) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "aarch64";
            default -> name;
        };
    }

    /** Where the library lies in the jar. */
    static String resource() {
        return "/META-INF/native/linux-" + cpu() + "/liblinen.so";
    }

    /** Why linen can't work here; empty when it can. */
    public static Optional<String> unsupportedReason() {
        String system = System.getProperty("os.name", "an unnamed system");
        if (!system.equals("Linux")) {
            return Optional.of("linen issues Linux system calls; this is " + system);
        }
        if (Platform.class.getResource(resource()) == null) {
            return Optional.of("this build of linen has no native part for the CPU " + cpu() + ": it lacks "
                    + resource());
        }
        return Optional.empty();
    }
}
