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

/** Opens shared libraries, for the life of the JVM (native threads run in them), and links their functions. */
public final class DynamicLinker {

    /**
     * How linen calls: with the six arguments of a system call and its number. One shape for all functions, because each costs
     * a JVM five milliseconds: the JDK spins a stub and some twenty method handles for it.
     */
    static final FunctionDescriptor SHAPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final int RTLD_NOW = 2; // dlfcn.h, of glibc and of musl

    private DynamicLinker() {}

    /**
     * Opens a library.
     *
     * @param path its path; {@code /proc/self/fd/N} is one too
     * @return its symbols
     * @throws IOException with the dynamic linker's own words when it refuses
     */
    public static SymbolLookup open(String path) throws IOException {
        try {
            // By its name: for a Path, the JDK follows symbolic links first, and a memfd's link leads nowhere.
            return SymbolLookup.libraryLookup(path, Arena.global());
        } catch (IllegalArgumentException refused) {
            throw new IOException(reason(path));
        }
    }

    /**
     * A function, to be called in linen's {@link #SHAPE}. One that takes fewer arguments doesn't see the others: they are in
     * registers that it doesn't read, and on its caller's stack.
     */
    static MethodHandle downcall(MemorySegment function) {
        return Linker.nativeLinker().downcallHandle(function, SHAPE);
    }

    /** Asks once more, because {@code libraryLookup} drops what {@code dlerror} says. */
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
            // a libc without these two: the sentence below must do
        }
        return "the dynamic linker refuses " + path;
    }

    private static MethodHandle libc(String function, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(function).orElseThrow(), type);
    }
}
