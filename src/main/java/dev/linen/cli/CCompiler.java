package dev.linen.cli;

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

/** Makes a shared library of a C file, with the compiler that is on the path. */
final class CCompiler {

    /** Without libc: a linen thread has none. Bound at once, since the lazy binder runs on the calling thread. */
    private static final List<String> FLAGS = List.of("-O2", "-g", "-shared", "-fPIC", "-ffreestanding", "-nostdlib",
            "-fno-omit-frame-pointer", "-Wl,-z,now");

    private CCompiler() {}

    static SymbolLookup compileAndLoad(Path source) {
        byte[] elf = compile(source);
        try {
            // Through a memfd: so the compiler may write to where nothing can be executed.
            return MemfdLibrary.open(elf, source.getFileName().toString());
        } catch (IOException refused) {
            throw new BadInput(source + " is compiled, but can't be loaded: " + refused.getMessage());
        }
    }

    private static byte[] compile(Path source) {
        Path directory = writableDirectory();
        try {
            Path library = Files.createTempFile(directory, "linen-", ".so");
            try {
                compile(source, library, directory);
                return Files.readAllBytes(library);
            } finally {
                Files.deleteIfExists(library);
            }
        } catch (IOException failed) {
            throw new BadInput(source + " can't be compiled into " + directory + ": " + failed);
        }
    }

    private static Path writableDirectory() {
        return Stream.of(System.getProperty("java.io.tmpdir"), System.getenv("TMPDIR"), "/dev/shm", "/var/tmp", ".")
                .filter(Objects::nonNull).map(Path::of).filter(Files::isWritable).findFirst()
                .orElseThrow(() -> new BadInput("there is no writable directory to compile into; -Djava.io.tmpdir="
                        + "DIRECTORY in JAVA_TOOL_OPTIONS names one"));
    }

    /** A name with a directory in it can't be taken for an option. */
    private static String nameFor(Path source) {
        return source.isAbsolute() ? source.toString() : Path.of(".", source.toString()).toString();
    }

    private static void compile(Path source, Path library, Path directory) throws IOException {
        String compiler = compiler();
        List<String> command = new ArrayList<>(List.of(compiler.split(" +")));
        command.addAll(FLAGS);
        command.addAll(List.of("-o", library.toString(), nameFor(source)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("TMPDIR", directory.toString());
        builder.environment().put("LC_ALL", "C"); // "error:" in every country
        Process process;
        try {
            process = builder.start();
        } catch (IOException missing) {
            throw new BadInput("there is no C compiler (" + compiler + "): on Debian, apt-get install gcc libc6-dev");
        }
        List<String> output = process.inputReader(StandardCharsets.UTF_8).lines().toList();
        if (exitStatus(process) != 0) {
            throw new BadInput(source + " doesn't compile: " + firstError(output));
        }
    }

    /** $CC, which may have arguments, or cc. */
    private static String compiler() {
        String chosen = Objects.requireNonNullElse(System.getenv("CC"), "").strip();
        return chosen.isEmpty() ? "cc" : chosen;
    }

    private static int exitStatus(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException interrupted) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new BadInput("the compiler was interrupted");
        }
    }

    private static String firstError(List<String> output) {
        List<String> errors = output.stream().filter(line -> line.contains("error:")).toList();
        String first = errors.stream().findFirst().or(() -> output.stream().findFirst())
                .orElse("the compiler is silent");
        return errors.size() > 1 ? first + " (and " + (errors.size() - 1) + " more)" : first;
    }
}
