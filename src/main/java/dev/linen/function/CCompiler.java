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

import dev.linen.internal.binding.DynamicLinker;
import dev.linen.internal.binding.MemfdLibrary;
import dev.linen.internal.binding.Platform;

/**
 * Compiles a C source to a shared library with the system's compiler, and loads the library.
 *
 * @param command the compiler and its arguments
 */
record CCompiler(List<String> command) {

    /**
     * -nostdlib: a linen thread can't use libc. -z now: symbols are bound when the library is loaded, because the lazy
     * binder would run on the calling thread. -Bsymbolic: a source calls its own function even if libc, which was
     * loaded earlier, has one of the same name.
     */
    private static final List<String> FLAGS = flags("-O2", "-g", "-shared", "-fPIC", "-ffreestanding", "-nostdlib",
            "-fno-omit-frame-pointer", "-Wl,-z,now", "-Wl,-Bsymbolic");

    /** On aarch64 also without libgcc's functions for atomic operations, which choose between two kinds of them. */
    private static List<String> flags(String... ofAllCpus) {
        return Stream.concat(Stream.of(ofAllCpus), Platform.compilerFlags().stream()).toList();
    }

    /** The name of a memfd can have at most 249 bytes. */
    private static final int NAME_CHARACTERS = 60;

    /**
     * The source to compile.
     *
     * @param name its name in messages
     * @param argument the argument for the compiler: a path, or "-" for standard input
     * @param input the text for standard input
     */
    record Source(String name, String argument, String input) {}

    /**
     * The result of a compilation.
     *
     * @param symbols the symbols of the loaded library
     * @param output the output of the compiler: warnings
     * @param includes the files that the source includes
     */
    record Compiled(SymbolLookup symbols, String output, Includes includes) {}

    /** Returns the compiler that $CC names, which may include arguments; without $CC, it is cc. */
    static CCompiler ofEnvironment() {
        String chosen = Objects.requireNonNullElse(System.getenv("CC"), "").strip();
        return new CCompiler(chosen.isEmpty() ? List.of("cc") : List.of(chosen.split("\\s+")));
    }

    /** @throws CompilationException if the source can't be compiled or loaded, for any reason */
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
                .orElseThrow(() -> new CompilationException("there is no writable directory to compile into: set one "
                        + "with -Djava.io.tmpdir=DIRECTORY in JAVA_TOOL_OPTIONS", ""));
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
        line.addAll(flags); // libraries must come after the source
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectInput(input.toFile());
        builder.environment().put("TMPDIR", directory.toString());
        builder.environment().put("LC_ALL", "C"); // diagnostics in English: "error:"

        Process process = start(builder);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exitStatus = exitStatus(process);
        if (exitStatus != 0) {
            throw CompilationException.ofErrors(source.name(), output, exitStatus);
        } else if (!Files.exists(library)) {
            throw new CompilationException(source.name() + " was compiled, but the compiler wrote no library: does one "
                    + "of these flags prevent that? " + flags, output);
        }
        String includes = Files.exists(rule) ? Files.readString(rule) : "";
        Includes known = Includes.ofRule(includes); // first: what is loaded stays
        return new Compiled(load(library, source, output), output, known);
    }

    /** Loads the library through a memfd, so that the compiler may write to a file system that is mounted noexec. */
    private static SymbolLookup load(Path library, Source source, String output) throws IOException {
        String name = source.name().substring(source.name().lastIndexOf('/') + 1);
        byte[] elf = Files.readAllBytes(library);
        try {
            return MemfdLibrary.open(elf, name.substring(0, Math.min(name.length(), NAME_CHARACTERS)));
        } catch (MemfdLibrary.NoMemfdException noMemfd) {
            return loadFile(library, source, output, noMemfd.getMessage() + "; ");
        } catch (IOException refused) {
            throw cannotBeLoaded(source, output, "" + refused.getMessage());
        }
    }

    /** Loads the compiler's file itself, which is deleted afterwards. */
    private static SymbolLookup loadFile(Path library, Source source, String output, String noMemfd) {
        try {
            return DynamicLinker.open(library.toAbsolutePath().toString());
        } catch (IOException refused) {
            throw cannotBeLoaded(source, output, noMemfd + refused.getMessage());
        }
    }

    private static CompilationException cannotBeLoaded(Source source, String output, String why) {
        return new CompilationException(source.name() + " was compiled, but can't be loaded: " + why, output);
    }

    private Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException failed) {
            String line = String.join(" ", command);
            throw new CompilationException(isInstalled()
                    ? "the C compiler (" + line + ") can't be started: " + failed.getMessage()
                    : "there is no C compiler (" + line + "): on Debian, apt-get install gcc libc6-dev", "");
        }
    }

    /** Whether there is such a program, by its path or in $PATH. */
    private boolean isInstalled() {
        String program = command.getFirst();
        String path = program.contains("/") ? "" : Objects.requireNonNullElse(System.getenv("PATH"), "");
        return Stream.of(path.split(":")).anyMatch(directory -> new File(directory, program).isFile());
    }

    /** Waits without being interruptible: the output has ended, so the process will end in a moment. */
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

    /** Deletes as many files as possible; the rest does no harm. */
    private static void delete(Path directory) {
        for (File file : Objects.requireNonNullElse(directory.toFile().listFiles(), new File[0])) {
            file.delete();
        }
        directory.toFile().delete();
    }
}
