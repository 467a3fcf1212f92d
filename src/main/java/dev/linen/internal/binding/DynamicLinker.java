package dev.linen.internal.binding;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * Opens shared libraries and links their functions. A library stays loaded for the life of the JVM, because native
 * threads run its code.
 */
public final class DynamicLinker {

    /**
     * The signature of all calls: the six arguments of a system call and its number. There is one for all functions,
     * because each new signature costs about five milliseconds at startup: the JDK generates a stub and some twenty
     * method handles for it.
     */
    static final FunctionDescriptor SHAPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final int RTLD_NOW = 2; // dlfcn.h, of glibc and of musl

    /** The same with a segment as the first argument: the JDK keeps its arena from being closed during the call. */
    static final FunctionDescriptor HOLDING_SHAPE = FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    /**
     * The arguments of SHAPE, and five segments that the JDK holds during the call: none of their arenas can be closed
     * meanwhile. The function never sees them: they lie behind its parameters. Linked by the first call that needs it,
     * because it adds about ten milliseconds to the start of a cold JVM.
     */
    static final FunctionDescriptor SEGMENTS_SHAPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);

    /** From a word to a word, for functions that are called so often that unused arguments would be felt. */
    static final FunctionDescriptor WORD_SHAPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);

    private DynamicLinker() {}

    /**
     * Opens a library.
     *
     * @param path the path of the library, such as {@code /proc/self/fd/N}
     * @return the symbols of the library
     * @throws IOException if the dynamic linker can't load the library; the message is the one of the dynamic linker
     */
    public static SymbolLookup open(String path) throws IOException {
        try {
            // A String, not a Path: for a Path, the JDK resolves symbolic links, and the link of a memfd has no target.
            return SymbolLookup.libraryLookup(path, Arena.global());
        } catch (IllegalArgumentException refused) {
            throw new IOException(reason(path));
        }
    }

    /**
     * Returns a handle to call a function with the signature {@link #SHAPE}. A function that takes fewer arguments
     * ignores the others: they are in registers that it doesn't read, and on the stack of its caller.
     */
    static MethodHandle downcall(MemorySegment function) {
        return downcall(function, SHAPE);
    }

    static MethodHandle downcall(MemorySegment function, FunctionDescriptor shape, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(function, shape, options);
    }

    /** Tries to open the library again, because {@code libraryLookup} discards the message of {@code dlerror}. */
    private static String reason(String path) {
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle dlopen = libc("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
            MethodHandle dlerror = libc("dlerror", FunctionDescriptor.of(ADDRESS));
            MemorySegment opened = (MemorySegment) dlopen.invokeExact(arena.allocateFrom(path), RTLD_NOW);
            MemorySegment text = (MemorySegment) dlerror.invokeExact();
            if (opened.address() == 0 && text.address() != 0) {
                return text.reinterpret(Long.MAX_VALUE).getString(0);
            }
        } catch (Throwable unknown) {
            // a libc without these two functions: use the generic message
        }
        return "the dynamic linker can't load " + path;
    }

    private static MethodHandle libc(String function, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(function).orElseThrow(), type);
    }
}
