package dev.linen.cli.doctor;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.linen.Linen;
import dev.linen.memory.MemoryMap;

/** The C library that this JVM uses. */
final class LibC {

    private static final Pattern GLIBC = Pattern.compile(".*/libc(?:-[0-9.]+)?\\.so(?:\\.6)?");

    /** musl's dynamic linker and libc are one file. */
    private static final Pattern MUSL = Pattern.compile(".*/(?:ld-musl-[^/]+\\.so\\.1|libc\\.musl-[^/]+)");
    private static final Pattern MUSL_VERSION = Pattern.compile("Version (\\S+)");

    private LibC() {}

    /** Its name and version: "glibc 2.36". */
    static String describe() {
        try {
            return describe(MemoryMap.read().regions().stream().map(MemoryMap.Region::name).toList());
        } catch (UncheckedIOException unreadable) {
            return glibcVersion().map(version -> "glibc " + version).orElse("unknown");
        }
    }

    /** Recognizes the library by the names of the mapped files. */
    static String describe(List<String> names) {
        Optional<String> musl = names.stream().filter(name -> MUSL.matcher(name).matches()).findFirst();
        if (musl.isPresent()) {
            return "musl" + muslVersion(Path.of(musl.get())).map(version -> " " + version).orElse("");
        }
        boolean glibc = names.stream().anyMatch(name -> GLIBC.matcher(name).matches());
        return glibc ? "glibc" + glibcVersion().map(version -> " " + version).orElse("") : "unknown";
    }

    /**
     * {@code const char *gnu_get_libc_version(void)}; empty without native access, or if os.arch was set to another
     * CPU.
     */
    private static Optional<String> glibcVersion() {
        if (!Linen.isSupported()) {
            return Optional.empty();
        }
        Linker linker = Linker.nativeLinker();
        try {
            MemorySegment function = linker.defaultLookup().find("gnu_get_libc_version").orElseThrow();
            MemorySegment text = (MemorySegment) linker.downcallHandle(function, FunctionDescriptor.of(ADDRESS))
                    .invokeExact();
            return Optional.of(text.reinterpret(Long.MAX_VALUE).getString(0));
        } catch (Throwable refused) {
            return Optional.empty();
        }
    }

    /** No function returns musl's version, but the file prints it when run as a program without arguments. */
    static Optional<String> muslVersion(Path loader) {
        try {
            Process process = new ProcessBuilder(loader.toString()).redirectErrorStream(true).start();
            process.getOutputStream().close();
            Matcher version = MUSL_VERSION.matcher(new String(process.getInputStream().readAllBytes(),
                    StandardCharsets.UTF_8));
            return version.find() ? Optional.of(version.group(1)) : Optional.empty();
        } catch (IOException refused) {
            return Optional.empty();
        }
    }
}
