package dev.linen.function;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import dev.linen.internal.binding.MemfdLibrary;

/**
 * Makes a shared library of one C source, with the compiler that is on the path, and loads it.
 *
 * @param command the compiler and its arguments
 */
record CCompiler(List<String> command) {

    /**
     * Without libc: a linen thread has none. Bound at once, since the lazy binder runs on the calling thread. Symbolic:
     * a source's own function is called even where libc, which was loaded earlier, has one of that name.
     */
    private static final List<String> FLAGS = List.of("-O2", "-g", "-shared", "-fPIC", "-ffreestanding", "-nostdlib",
            "-fno-omit-frame-pointer", "-Wl,-z,now", "-Wl,-Bsymbolic");

    /** The longest name of a memfd is 249 bytes. */
    private static final int NAME_CHARACTERS = 60;

    /**
     * What is compiled.
     *
     * @param name what people call it
     * @param argument what the compiler is given: a path, or "-"
     * @param input what it reads then
     */
    record Source(String name, String argument, String input) {}

    /**
     * What became of it.
     *
     * @param symbols the loaded library's
     * @param output what the compiler printed: warnings
     * @param includes what it read beside the source
     */
    record Compiled(SymbolLookup symbols, String output, Includes includes) {}

    /** $CC, which may have arguments, or cc. */
    static CCompiler ofEnvironment() {
        String chosen = Objects.requireNonNullElse(System.getenv("CC"), "").strip();
        return new CCompiler(chosen.isEmpty() ? List.of("cc") : List.of(chosen.split("\\s+")));
    }

    /** @throws CompilationException when that fails, for whatever reason */
    Compiled compile(Source source, List<String> flags) {
        Path parent = writableDirectory();
        try {
            Path directory = Files.createTempDirectory(parent, "linen-");
            try {
                return compile(source, flags, directory);
            } finally {
                delete(directory);
            }
        } catch (IOException failed) {
            throw new CompilationException(source.name() + " can't be compiled into " + parent + ": " + failed, "");
        }
    }

    private static Path writableDirectory() {
        return Stream.of(System.getProperty("java.io.tmpdir"), System.getenv("TMPDIR"), "/dev/shm", "/var/tmp", ".")
                .filter(Objects::nonNull).map(Path::of).filter(Files::isDirectory).filter(Files::isWritable).findFirst()
                .orElseThrow(() -> new CompilationException("there is no writable directory to compile into; "
                        + "-Djava.io.tmpdir=DIRECTORY in JAVA_TOOL_OPTIONS names one", ""));
    }

    private Compiled compile(Source source, List<String> flags, Path directory) throws IOException {
        Path library = directory.resolve("library.so");
        Path rule = directory.resolve("includes");
        Path input = directory.resolve("input");
        Files.writeString(input, source.input());

        List<String> line = new ArrayList<>(command);
        line.addAll(FLAGS);
        line.addAll(List.of("-MMD", "-MF", rule.toString(), "-MT", "x", "-o", library.toString()));
        line.addAll(List.of("-x", "c", source.argument(), "-x", "none"));
        line.addAll(flags); // behind the source, where libraries must stand
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectInput(input.toFile());
        builder.environment().put("TMPDIR", directory.toString());
        builder.environment().put("LC_ALL", "C"); // "error:" in every country

        Process process = start(builder);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exitStatus = exitStatus(process);
        if (exitStatus != 0) {
            throw CompilationException.ofErrors(source.name(), output, exitStatus);
        } else if (!Files.exists(library)) {
            throw new CompilationException(source.name() + " is compiled, but there is no library: does one of these "
                    + "flags prevent it? " + flags, output);
        }
        String includes = Files.exists(rule) ? Files.readString(rule) : "";
        return new Compiled(load(Files.readAllBytes(library), source, output), output, Includes.ofRule(includes));
    }

    /** Through a memfd: so the compiler may write to where nothing can be executed. */
    private static SymbolLookup load(byte[] library, Source source, String output) {
        String name = source.name().substring(source.name().lastIndexOf('/') + 1);
        try {
            return MemfdLibrary.open(library, name.substring(0, Math.min(name.length(), NAME_CHARACTERS)));
        } catch (IOException refused) {
            throw new CompilationException(source.name() + " is compiled, but can't be loaded: " + refused.getMessage(),
                    output);
        }
    }

    private Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException missing) {
            throw new CompilationException("there is no C compiler (" + String.join(" ", command)
                    + "): on Debian, apt-get install gcc libc6-dev", "");
        }
    }

    /** Its output has ended, so it will in a moment, interrupted or not. */
    private static int exitStatus(Process process) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return process.waitFor();
                } catch (InterruptedException later) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Best effort: what stays does no harm. */
    private static void delete(Path directory) {
        for (File file : Objects.requireNonNullElse(directory.toFile().listFiles(), new File[0])) {
            file.delete();
        }
        directory.toFile().delete();
    }
}
