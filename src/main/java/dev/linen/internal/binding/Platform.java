package dev.linen.internal.binding;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

import dev.linen.internal.linux.Machine;

/** Determines whether linen has a native library for this operating system and CPU. */
public final class Platform {

    private Platform() {}

    /** Returns the kernel's name of the CPU ("x86_64"), or Java's name if linen doesn't know the CPU. */
    static String cpu() {
        return Machine.THIS == Machine.OTHER
                ? System.getProperty("os.arch", "an unknown CPU")
                : Machine.THIS.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the path of the library in the jar. */
    static String resource() {
        return "/META-INF/native/linux-" + cpu() + "/liblinen.so";
    }

    /** Returns flags that the C compiler for this CPU needs for code without libc. */
    public static List<String> compilerFlags() {
        return Machine.THIS == Machine.AARCH64 ? List.of("-mno-outline-atomics") : List.of();
    }

    /** Returns the reason why linen doesn't support this platform; empty if it does. */
    public static Optional<String> unsupportedReason() {
        String system = System.getProperty("os.name", "an unknown system");
        if (!system.equals("Linux")) {
            return Optional.of("linen needs Linux, because it makes Linux system calls; this is " + system);
        }
        if (Platform.class.getResource(resource()) == null) {
            return Optional
                    .of("this build of linen has no native library for the CPU " + cpu() + ": it doesn't contain "
                            + resource());
        }
        return Optional.empty();
    }
}
