package dev.linen.internal.elf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds the functions of an image: those in its file, which include static functions, and those that it exports. */
public final class Symbols {

    private final LoadedElf image;
    private final List<SymbolTable> tables = new ArrayList<>();

    private Symbols(LoadedElf image) {
        this.image = image;
    }

    /**
     * Uses the symbols in memory only, for an image without a file, such as the vdso.
     *
     * @param image the program or library
     */
    public static Symbols of(LoadedElf image) {
        Symbols symbols = new Symbols(image);
        try {
            symbols.tables.add(image.dynamicSymbols());
        } catch (Malformed none) {
            // a static program, or a corrupt one
        }
        return symbols;
    }

    /**
     * Uses the symbols in memory and those in the file.
     *
     * @param image the program or library
     * @param file the file from which it was loaded; ignored if it has been replaced or deleted
     */
    public static Symbols of(LoadedElf image, Path file) {
        Symbols symbols = of(image);
        try {
            symbols.tables.addFirst(new ElfFile(file).symbolsOf(image));
        } catch (Malformed stripped) {
            // use the symbols in memory only
        }
        return symbols;
    }

    /**
     * Finds the function at an address.
     *
     * @param address the address of an instruction; for a call, not its return address, which may already belong to the
     *        next function
     * @return the function; empty if no symbol certainly belongs to the address
     */
    public Optional<Symbol> at(long address) {
        return image.codeAt(address).flatMap(code -> tables.stream()
                .flatMap(table -> table.at(image.fileAddress(address), code).stream()).findFirst()
                .map(symbol -> new Symbol(symbol.name(), image.memoryAddress(symbol.address()), symbol.size())));
    }
}
