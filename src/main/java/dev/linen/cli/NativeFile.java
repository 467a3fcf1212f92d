package dev.linen.cli;

import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.linen.function.CSource;
import dev.linen.function.CompilationException;
import dev.linen.internal.binding.DynamicLinker;

/** A file that holds native functions, as source or as machine code. */
final class NativeFile {

    private NativeFile() {}

    /** Loads a shared library, or compiles a C file and loads that; it stays loaded. */
    static SymbolLookup load(Path file) {
        if (!Files.exists(file)) {
            throw new BadInput("there is no file " + file);
        }
        if (!Files.isRegularFile(file)) {
            throw new BadInput(file + " is not a file");
        }
        if (!Files.isReadable(file)) {
            throw new BadInput(file + " can't be read: permission denied");
        }
        try {
            if (ElfHeader.read(file).isPresent()) {
                return loadLibrary(file);
            }
            if (file.toString().endsWith(".c")) {
                return CSource.compile(file).symbols();
            }
            throw new BadInput(file + " is neither a C file (its name would end with .c) nor a shared library");
        } catch (CompilationException failed) {
            throw new BadInput(String.valueOf(failed.getMessage()));
        } catch (IOException failed) {
            throw new BadInput(file + " can't be read: " + failed);
        }
    }

    private static SymbolLookup loadLibrary(Path library) throws IOException {
        ElfHeader header = ElfHeader.read(library).orElseThrow();
        ElfHeader self = ElfHeader.read(Path.of("/proc/self/exe")).orElseThrow();
        if (!header.isForTheMachineOf(self)) {
            throw new BadInput(library + " is for another machine: " + header + ", this JVM is " + self);
        }
        if (!header.isShared()) {
            throw new BadInput(library + " is not a shared library: cc -shared -fPIC makes one");
        }
        if (header.isCutOff(library)) {
            throw new BadInput(library + " is cut off: it has " + Files.size(library) + " bytes of at least "
                    + header.loadedBytes());
        }
        try {
            return DynamicLinker.open(library.toAbsolutePath().toString());
        } catch (IOException refused) {
            throw new BadInput(library + " can't be loaded: " + refused.getMessage());
        }
    }
}
