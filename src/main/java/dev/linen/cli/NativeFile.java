package dev.linen.cli;

import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

import dev.linen.function.CSource;
import dev.linen.function.CompilationException;
import dev.linen.internal.binding.DynamicLinker;
import dev.linen.internal.elf.ElfFile;
import dev.linen.internal.elf.ElfHeader;

/** A file that holds native functions, as source or as machine code. */
final class NativeFile {

    private static final Pattern LIBRARY = Pattern.compile(".+\\.so(\\.[0-9.]+)?");

    private NativeFile() {}

    /**
     * Loads a shared library, or compiles a C file and loads the result. The library is never unloaded. A name without
     * a directory that is no file is looked up as the dynamic linker does it: {@code liblz4.so.1}.
     *
     * @param flags for the compiler
     */
    static SymbolLookup load(Path file, List<String> flags) {
        if (!Files.exists(file)) {
            if (file.getNameCount() == 1 && !file.isAbsolute() && LIBRARY.matcher(file.toString()).matches()) {
                return loadByName(file.toString(), flags);
            }
            throw new BadInput("there is no file " + file);
        }
        if (!Files.isRegularFile(file)) {
            throw new BadInput(file + " is not a file");
        }
        if (!Files.isReadable(file)) {
            throw new BadInput(file + " can't be read: permission denied");
        }
        try {
            ElfFile elf = new ElfFile(file);
            Optional<ElfHeader> header = elf.header();
            if (header.isPresent()) {
                requireNone(flags, file.toString());
                return loadLibrary(elf, header.get());
            }
            if (file.toString().endsWith(".c")) {
                return CSource.compile(file, flags.toArray(String[]::new)).symbols();
            }
            throw new BadInput(file + " is neither a C file (NAME.c) nor a shared library");
        } catch (CompilationException failed) {
            throw new BadInput(String.valueOf(failed.getMessage()));
        } catch (IOException failed) {
            throw new BadInput(file + " can't be read: " + failed);
        }
    }

    private static SymbolLookup loadByName(String name, List<String> flags) {
        requireNone(flags, name);
        try {
            return DynamicLinker.open(name);
        } catch (IOException refused) {
            throw new BadInput(name + " can't be loaded: " + refused.getMessage());
        }
    }

    private static void requireNone(List<String> flags, String library) {
        if (!flags.isEmpty()) {
            throw new BadInput(String.join(" ", flags) + ": flags are for the compiler, but " + library
                    + " is a shared library");
        }
    }

    private static SymbolLookup loadLibrary(ElfFile elf, ElfHeader header) throws IOException {
        Path library = elf.path();
        Path ofJvm = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("java"));
        ElfHeader self = new ElfFile(ofJvm).header().orElseThrow(() -> new IOException(ofJvm + " is no ELF file"));
        if (!header.isForTheMachineOf(self)) {
            throw new BadInput(library + " is for another machine: " + describe(header) + ", this JVM is "
                    + describe(self));
        }
        if (!header.isShared()) {
            throw new BadInput(library + " is not a shared library: cc -shared -fPIC makes one");
        }
        if (Files.size(library) < elf.leastBytes()) {
            throw new BadInput(library + " is cut off: it has " + Files.size(library) + " bytes instead of at least "
                    + elf.leastBytes());
        }
        try {
            return DynamicLinker.open(library.toAbsolutePath().toString());
        } catch (IOException refused) {
            throw new BadInput(library + " can't be loaded: " + refused.getMessage());
        }
    }

    private static String describe(ElfHeader header) {
        return header.bits() + " bit, " + header.order() + ", ELF machine " + header.machine();
    }
}
