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
 * Opens {@code liblinen.so}. It is in a jar, from which the dynamic linker can't load it.
 *
 * <p>These ways are tried in this order:
 * <ol>
 * <li>if the system property {@value #PATH_PROPERTY} names a directory, only that directory: the {@code liblinen.so} in
 * it, or else a copy in it that is deleted at once;
 * <li>a memfd, see {@link MemfdLibrary};
 * <li>a file in {@code java.io.tmpdir}, which is deleted as soon as it is loaded.
 * </ol>
 */
final class LibraryLoader {

    static final String PATH_PROPERTY = "dev.linen.library.path";

    private static final String FILE_NAME = "liblinen.so";

    private final List<String> failures = new ArrayList<>();

    private LibraryLoader() {}

    /** @throws UnsatisfiedLinkError if every way failed; the message lists them with the reasons */
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
            throw new UnsatisfiedLinkError("linen can't load its native library. Tried: " + String.join("; ", failures)
                    + ". Remedy: set -D" + PATH_PROPERTY + "=DIRECTORY to a directory that is writable or contains "
                    + FILE_NAME + ", on a file system that isn't mounted noexec");
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
            copy.toFile().delete(); // if this fails, the file does no harm
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
                throw new IOException("the jar doesn't contain " + Platform.resource());
            }
            return library.readAllBytes();
        }
    }
}
