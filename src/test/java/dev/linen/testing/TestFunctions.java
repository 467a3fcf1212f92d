package dev.linen.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

import dev.linen.function.NativeFunction;
import dev.linen.internal.linux.Machine;

/** The native functions in src/test/c, which the build compiles. */
public final class TestFunctions {

    private TestFunctions() {}

    private static final class Library {
        static final SymbolLookup SYMBOLS = library("functions");
    }

    /** Returns a function of functions.c. */
    public static NativeFunction function(String name) {
        return NativeFunction.ofSymbol(Library.SYMBOLS, name);
    }

    /** Returns the library that was compiled from NAME.c. */
    public static SymbolLookup library(String name) {
        return SymbolLookup.libraryLookup(path(name), Arena.global());
    }

    /** Returns the path of the library that was compiled from NAME.c. */
    public static Path path(String name) {
        return program(name + ".so");
    }

    /** Returns the path of a program that was compiled beside these libraries. */
    public static Path program(String name) {
        Path compiled = Path.of("target", "test-native").toAbsolutePath();
        Path crossCompiled = compiled.resolve(Machine.THIS.name().toLowerCase(Locale.ROOT));
        return (Files.exists(crossCompiled) ? crossCompiled : compiled).resolve(name);
    }
}
