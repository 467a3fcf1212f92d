package dev.linen.function;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.Platform;

/**
 * C, compiled and loaded on the spot.
 *
 * <pre>{@code
 * CSource c = CSource.compile("void *twice(void *n) { return (void *)(2 * (long)n); }");
 * try (NativeThread thread = NativeThread.start(c.function("twice"), 21)) {
 *     thread.join();   // 42
 * }
 * }</pre>
 *
 * <p>The compiler is the one that the environment variable CC names, with or without arguments, or else {@code cc}. Its flags
 * make code that a linen thread can run, see docs/native-functions.md: without libc behind it ({@code -ffreestanding
 * -nostdlib}), bound when it is loaded ({@code -Wl,-z,now}), to its own functions first ({@code -Wl,-Bsymbolic}), and with
 * frame pointers. The library goes through memory, so that it doesn't matter when nothing in {@code /tmp} can be executed.
 *
 * <p>The same text, compiler and flags give the same library again, without another run of the compiler, as long as the
 * files that it includes stay as they are (the system's headers aren't looked at). So its static variables are the same
 * ones, too. A library <b>stays loaded for good</b>: a thread may be in it. May be used from any thread.
 */
public final class CSource {

    private static final Map<Key, Slot> ALL = new ConcurrentHashMap<>();

    /** What makes a library another one. The content is a file's. */
    private record Key(CCompiler compiler, List<String> flags, CCompiler.Source source, String content) {}

    /** Where the library of one key is, or will be: who holds the lock compiles. */
    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock(); // not synchronized: that would pin virtual threads up to Java 23
        @Nullable
        CSource source;
    }

    private final String name;
    private final CCompiler.Compiled compiled;

    private CSource(String name, CCompiler.Compiled compiled) {
        this.name = name;
        this.compiled = compiled;
    }

    /**
     * Compiles a text, and loads what became of it.
     *
     * @param text C; the files that it includes with quotes are looked for in the working directory
     * @param flags more of the compiler's flags: "-O3", "-Wall", "-I/home/me/include"
     * @return the library
     * @throws CompilationException when it has errors or calls what isn't there, or when there is no compiler
     * @throws UnsupportedOperationException where linen can't work
     */
    public static CSource compile(String text, String... flags) {
        return compile(CCompiler.ofEnvironment(), text, flags);
    }

    static CSource compile(CCompiler compiler, String text, String... flags) {
        return get(new Key(compiler, List.of(flags), new CCompiler.Source("the C text", "-", text), ""));
    }

    /**
     * Compiles a file, and loads what became of it.
     *
     * @param file C, whatever its name ends with
     * @param flags more of the compiler's flags: "-O3", "-Wall", "-I/home/me/include"
     * @return the library
     * @throws CompilationException when it has errors or calls what isn't there, or when there is no compiler
     * @throws UncheckedIOException when there is no such file, it is a directory, or can't be read
     * @throws UnsupportedOperationException where linen can't work
     */
    public static CSource compile(Path file, String... flags) {
        // A name with a directory in it can't be taken for an option.
        String argument = file.isAbsolute() ? file.toString() : Path.of(".", file.toString()).toString();
        CCompiler.Source source = new CCompiler.Source(file.toString(), argument, "");
        return get(new Key(CCompiler.ofEnvironment(), List.of(flags), source, content(file)));
    }

    /** Its bytes: they need not be UTF-8. */
    private static String content(Path file) {
        try {
            if (!Files.exists(file)) {
                throw new NoSuchFileException("there is no file " + file);
            } else if (!Files.isRegularFile(file)) {
                throw new IOException(file + " is not a file");
            }
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (AccessDeniedException denied) {
            throw new UncheckedIOException(file + " can't be read: permission denied", denied);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable.getMessage(), unreadable);
        }
    }

    /** A source with errors is compiled again each time: its reason may have gone. */
    private static CSource get(Key key) {
        Platform.unsupportedReason().ifPresent(reason -> {
            throw new UnsupportedOperationException(reason);
        });
        Slot slot = ALL.computeIfAbsent(key, unknown -> new Slot());
        slot.lock.lock();
        try {
            CSource source = slot.source;
            if (source == null || !source.compiled.includes().areUnchanged()) {
                source = new CSource(key.source().name(), key.compiler().compile(key.source(), key.flags()));
                slot.source = source;
            }
            return source;
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * One of its functions.
     *
     * @param symbol the function's name: {@code void *NAME(void *)}, not static
     * @return the function
     * @throws NoSuchElementException when there is none of that name
     * @throws IllegalArgumentException when it is a variable
     */
    public NativeFunction function(String symbol) {
        return NativeFunction.ofSymbol(compiled.symbols(), symbol);
    }

    /**
     * All that isn't static in it: functions, and variables.
     *
     * @return the symbols; for {@code Linker.downcallHandle}, too, and their addresses are good for ever
     */
    public SymbolLookup symbols() {
        return compiled.symbols();
    }

    /**
     * What the compiler had to say, though it made a library.
     *
     * @return its warnings and their notes, in its order
     */
    public List<Diagnostic> diagnostics() {
        return Diagnostic.parse(compiled.output());
    }

    /**
     * What it was made of.
     *
     * @return "CSource[foo.c]", "CSource[the C text]"
     */
    @Override
    public String toString() {
        return "CSource[" + name + "]";
    }
}
