package dev.linen.internal.binding;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Opens {@code liblinen.so}, which lies in a jar, where the dynamic linker can't reach it.
 *
 * <p>In this order:
 * <ol>
 * <li>where the property {@value #PATH_PROPERTY} names a directory, that directory and nothing else: the
 * {@code liblinen.so} in it, or else a copy that is deleted again at once;
 * <li>a memfd, see {@link MemfdLibrary};
 * <li>a file in {@code java.io.tmpdir}, deleted as soon as it is loaded.
 * </ol>
 */
final class LibraryLoader {

    static final String PATH_PROPERTY = "dev.linen.library.path";

    private static final String FILE_NAME = "liblinen.so";

    private final List<String> failures = new ArrayList<>();

    private LibraryLoader() {}

    /** @throws UnsatisfiedLinkError naming each way that was tried and why it failed */
    static SymbolLookup load() {
        return new LibraryLoader().tryAll();
    }

    private SymbolLookup tryAll() {
        String directory = System.getProperty(PATH_PROPERTY);
        SymbolLookup loaded = directory != null ? fromDirectory(directory) : fromMemfd();
        if (loaded == null && directory == null) {
            loaded = fromCopyIn(System.getProperty("java.io.tmpdir", "/tmp"));
        }
        if (loaded == null) {
            throw new UnsatisfiedLinkError("linen could not load its native part. Tried: " + String.join("; ", failures)
                    + ". Remedy: -D" + PATH_PROPERTY + "=DIRECTORY, a directory that is writable, or holds " + FILE_NAME
                    + ", on a file system that isn't mounted noexec");
        }
        return loaded;
    }

    private @Nullable SymbolLookup fromDirectory(String directory) {
        Path library = Path.of(directory, FILE_NAME).toAbsolutePath();
        return Files.exists(library) ? open(library) : fromCopyIn(directory);
    }

    private @Nullable SymbolLookup fromMemfd() {
        try {
            return MemfdLibrary.open(bytes(), FILE_NAME);
        } catch (IOException failed) {
            failures.add("a memfd: " + failed.getMessage());
            return null;
        }
    }

    private @Nullable SymbolLookup fromCopyIn(String directory) {
        Path copy;
        try {
            copy = Files.createTempFile(Path.of(directory), "liblinen-", ".so").toAbsolutePath();
        } catch (IOException | InvalidPathException refused) {
            failures.add("a file in " + directory + ": it can't be created (" + refused + ")");
            return null;
        }
        try {
            Files.write(copy, bytes());
            return open(copy);
        } catch (IOException failed) {
            failures.add(copy + ": it can't be written (" + failed + ")");
            return null;
        } finally {
            copy.toFile().delete(); // best effort: a file that stays does no harm
        }
    }

    private @Nullable SymbolLookup open(Path library) {
        try {
            return DynamicLinker.open(library.toString());
        } catch (IOException refused) {
            failures.add(library + ": " + refused.getMessage());
            return null;
        }
    }

    private static byte[] bytes() throws IOException {
        try (InputStream library = LibraryLoader.class.getResourceAsStream(Platform.resource())) {
            if (library == null) {
                throw new IOException("the jar lacks " + Platform.resource());
            }
            return library.readAllBytes();
        }
    }
}
