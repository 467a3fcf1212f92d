package dev.linen.internal.elf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The functions of an image: those of its file, which knows the static ones, too, and those that it exports. */
public final class Symbols {

    private final LoadedElf image;
    private final List<SymbolTable> tables = new ArrayList<>();

    private Symbols(LoadedElf image) {
        this.image = image;
    }

    /**
     * What memory tells: for what has no file, such as the vdso.
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
     * What memory and the file tell.
     *
     * @param image the program or library
     * @param file where it came from; not used when it is another one by now, or gone
     */
    public static Symbols of(LoadedElf image, Path file) {
        Symbols symbols = of(image);
        try {
            symbols.tables.addFirst(new ElfFile(file).symbolsOf(image));
        } catch (Malformed stripped) {
            // memory must do
        }
        return symbols;
    }

    /**
     * The function at an address.
     *
     * @param address of an instruction; of a call, that is, not its return address, which may be the next function's
     * @return empty when no symbol is surely that of the address
     */
    public Optional<Symbol> at(long address) {
        return image.codeAt(address).flatMap(code -> tables.stream()
                .flatMap(table -> table.at(image.fileAddress(address), code).stream()).findFirst()
                .map(symbol -> new Symbol(symbol.name(), image.memoryAddress(symbol.address()), symbol.size())));
    }
}
