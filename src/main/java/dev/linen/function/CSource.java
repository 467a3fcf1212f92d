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

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.Platform;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * A C source that is compiled and loaded at run time.
 *
 * <pre>{@code
 * CSource c = CSource.compile("void *twice(void *n) { return (void *)(2 * (long)n); }");
 * try (NativeThread thread = NativeThread.start(c.function("twice"), 21)) {
 *     thread.join();   // 42
 * }
 * }</pre>
 *
 * <p>The environment variable CC names the compiler, with or without arguments; the default is {@code cc}. It is called
 * with flags that produce code that a linen thread can run (see docs/native-functions.md): without libc
 * ({@code -ffreestanding -nostdlib}), bound when it is loaded ({@code -Wl,-z,now}), preferring its own functions
 * ({@code -Wl,-Bsymbolic}), and with frame pointers. The library is loaded from memory, so that {@code /tmp} may be
 * mounted noexec.
 *
 * <p>If the same text is compiled again with the same compiler and flags, the result is the library that is already
 * loaded, including its static variables; the compiler doesn't run again. This holds as long as the included files
 * don't change (changes to system headers are not noticed). A library is <b>never unloaded</b>, because a thread may be
 * executing it. This class is thread-safe.
 */
public final class CSource {

    private static final Map<List<Object>, Slot> ALL = new ConcurrentHashMap<>();

    /** Identifies a library. The content is that of the file; empty if the source is a text. */
    private record Key(CCompiler compiler, List<String> flags, CCompiler.Source source, String content) {

        /**
         * Returns it as a key of a map. Not as a record: the JDK's caches for the hashCode of records keep their class,
         * and so the class loader of an application that has ended.
         */
        List<Object> asList() {
            return List.of(compiler.command(), flags, source.name(), source.argument(), source.input(), content);
        }
    }

    /**
     * Holds the library of one key. The thread that has the monitor compiles it; only those wait that need the same
     * library. The monitor pins virtual threads up to Java 23, but a ReentrantLock stays locked after a
     * StackOverflowError in its {@code unlock}.
     */
    private static final class Slot {
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
     * Compiles a text and loads the library.
     *
     * @param text C code; files that it includes with quotes are searched for in the working directory
     * @param flags additional flags for the compiler: "-O3", "-Wall", "-I/home/me/include"
     * @return the library
     * @throws CompilationException if the code has errors or calls an undefined function, or if there is no compiler
     * @throws UnsupportedOperationException if linen doesn't support this platform
     */
    public static CSource compile(String text, String... flags) {
        return compile(CCompiler.ofEnvironment(), text, flags);
    }

    static CSource compile(CCompiler compiler, String text, String... flags) {
        return get(new Key(compiler, List.of(flags), new CCompiler.Source("the C text", "-", text), ""));
    }

    /**
     * Compiles a file and loads the library.
     *
     * @param file C code; the file name may have any extension
     * @param flags additional flags for the compiler: "-O3", "-Wall", "-I/home/me/include"
     * @return the library
     * @throws CompilationException if the code has errors or calls an undefined function, or if there is no compiler
     * @throws UncheckedIOException if the file doesn't exist, is a directory, or can't be read
     * @throws UnsupportedOperationException if linen doesn't support this platform
     */
    public static CSource compile(Path file, String... flags) {
        // The compiler can't mistake a path with a directory for an option.
        String argument = file.isAbsolute() ? file.toString() : Path.of(".", file.toString()).toString();
        CCompiler.Source source = new CCompiler.Source(file.toString(), argument, "");
        return get(new Key(CCompiler.ofEnvironment(), List.of(flags), source, content(file)));
    }

    /** Returns the bytes of the file, one char each: they need not be valid UTF-8. */
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

    /** Errors are not cached: a source that failed is compiled again, because the cause may have been fixed. */
    private static CSource get(Key key) {
        Platform.unsupportedReason().ifPresent(reason -> {
            throw new UnsupportedOperationException(reason);
        });
        Syscall.invoke(SyscallNumber.GETPID); // without native access, this throws what is missing
        Slot slot = ALL.computeIfAbsent(key.asList(), unknown -> new Slot());
        synchronized (slot) {
            CSource source = slot.source;
            if (source == null || !source.compiled.includes().areUnchanged()) {
                source = new CSource(key.source().name(), key.compiler().compile(key.source(), key.flags()));
                slot.source = source;
            }
            return source;
        }
    }

    /**
     * Returns a function of this library.
     *
     * @param symbol the name of the function: {@code void *NAME(void *)}, not static
     * @return the function
     * @throws NoSuchElementException if the library has no symbol of that name
     * @throws IllegalArgumentException if the symbol is a variable
     */
    public NativeFunction function(String symbol) {
        return NativeFunction.ofSymbol(compiled.symbols(), symbol);
    }

    /**
     * Returns the functions and variables of this library that aren't static.
     *
     * @return the symbols, which can also be used with {@code Linker.downcallHandle}; their addresses stay valid for
     *         the life of the process
     */
    public SymbolLookup symbols() {
        return compiled.symbols();
    }

    /**
     * Returns the diagnostics of the compiler. As the compilation succeeded, these are no errors.
     *
     * @return the warnings and their notes, in the compiler's order
     */
    public List<Diagnostic> diagnostics() {
        return Diagnostic.parse(compiled.output());
    }

    /**
     * Returns the name of the source.
     *
     * @return "CSource[foo.c]", "CSource[the C text]"
     */
    @Override
    public String toString() {
        return "CSource[" + name + "]";
    }
}
