package dev.linen.bench.jvm;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.linen.function.NativeFunction;

/** The functions of bench's C library for native threads. */
final class Functions {

    private static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup(library("functions.so"), Arena.global());

    private Functions() {}

    /** A library that bench's build has compiled, if it found a C compiler. A system property names the folder. */
    static Path library(String name) {
        Path library = Path.of(System.getProperty("bench.native"), name).toAbsolutePath();
        if (!Files.exists(library)) {
            throw new IllegalStateException(name + " wasn't compiled: no C compiler when bench was built");
        }
        return library;
    }

    static NativeFunction identity() {
        return NativeFunction.ofSymbol(LIBRARY, "identity");
    }

    /** Increments the second dword of its argument, and sleeps until the first is no longer 0. */
    static NativeFunction parkOn() {
        return NativeFunction.ofSymbol(LIBRARY, "park_on");
    }

    /** Sets the second dword of its argument to 1, and runs until the first is no longer 0. */
    static NativeFunction awaitWord() {
        return NativeFunction.ofSymbol(LIBRARY, "await_word");
    }

    /** The same, but ends by a fault. */
    static NativeFunction awaitWordAndFault() {
        return NativeFunction.ofSymbol(LIBRARY, "await_word_and_fault");
    }
}
