package dev.linen.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;

import dev.linen.function.NativeFunction;

/** The functions of src/test/c, as the build compiled them. */
public final class TestFunctions {

    private TestFunctions() {}

    private static final class Library {
        static final SymbolLookup SYMBOLS = library("functions");
    }

    /** A function of functions.c. */
    public static NativeFunction function(String name) {
        return NativeFunction.ofSymbol(Library.SYMBOLS, name);
    }

    /** What NAME.c became. */
    public static SymbolLookup library(String name) {
        return SymbolLookup.libraryLookup(path(name), Arena.global());
    }

    /** Where NAME.c's library lies. */
    public static Path path(String name) {
        return Path.of("target", "test-native", name + ".so").toAbsolutePath();
    }
}
