package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.function.CSource;
import dev.linen.internal.elf.Tool.Listed;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.AuxiliaryVector;
import dev.linen.testing.Skip;

/** Compares symbol names with readelf and the dynamic linker. */
class SymbolsTest {

    private static final int AT_SYSINFO_EHDR = 33;

    @TempDir
    Path directory;

    private static long address(Path library, String symbol) {
        return SymbolLookup.libraryLookup(library, Arena.global()).find(symbol).orElseThrow().address();
    }

    private static Optional<String> name(Symbols symbols, long address) {
        return symbols.at(address).map(symbol -> symbol.plus(address));
    }

    private static LoadedElf imageAt(long address) {
        return new OwnProcess().imageAt(address).orElseThrow();
    }

    /** Checks the first and the last byte of every function, and the byte after it. */
    private static int assertAsListed(Symbols symbols, LoadedElf image, List<Listed> listed, int step) {
        List<Listed> functions = listed.stream().filter(Listed::isFunction).toList();
        int compared = 0;
        for (int i = 0; i < functions.size(); i += step) {
            Listed function = functions.get(i);
            for (long offset : new long[]{0, function.size() / 2, Math.max(function.size() - 1, 0)}) {
                long wanted = function.address() + offset;
                Set<String> allowed = functions.stream()
                        .filter(other -> other.address() <= wanted && wanted - other.address() < other.size())
                        .map(other -> other.name() + "+0x" + Long.toHexString(wanted - other.address()))
                        .collect(Collectors.toSet());
                if (function.size() != 0) {
                    String name = name(symbols, image.memoryAddress(wanted)).orElse("-");
                    assertTrue(allowed.contains(name), () -> name + " instead of " + allowed);
                    compared++;
                }
            }
        }
        return compared;
    }

    @ParameterizedTest
    @ValueSource(strings = {"/libc.so.6", "/libjvm.so"})
    void at_addressesOfAnInstalledLibrary_areAsReadelfHasThem(String name) {
        OwnProcess process = new OwnProcess();
        LoadedElf image = process.image(name);
        Path file = Path.of(process.regionAt(image.range().start()).orElseThrow().name());
        int compared = assertAsListed(Symbols.of(image), image, Tool.symbols("--dyn-syms", file), 7);
        assertTrue(compared > 50, () -> compared + " compared");
    }

    @Test
    void at_staticFunctions_areKnownByTheFileOnly() {
        Path library = Tool.compile(directory.resolve("chain.so"), "chain", "-O1");
        long first = address(library, "first");
        LoadedElf image = imageAt(first);
        List<Listed> listed = Tool.symbols("--syms", library);
        assertTrue(assertAsListed(Symbols.of(image, library), image, listed, 1) >= 20);
        Listed middle = listed.stream().filter(symbol -> symbol.name().equals("middle")).findFirst().orElseThrow();
        long inMiddle = image.memoryAddress(middle.address() + 3);
        assertEquals(Optional.of("middle+0x3"), name(Symbols.of(image, library), inMiddle));
        assertEquals(Optional.empty(), name(Symbols.of(image), inMiddle));
        assertEquals(Optional.of("first+0x1"), name(Symbols.of(image), first + 1));
    }

    @Test
    void at_stripped_knowsWhatIsExported() {
        Path library = Tool.compile(directory.resolve("chain.so"), "chain", "-O2", "-s");
        long capture = address(library, "capture");
        assertEquals(Optional.of("capture+0x0"), name(Symbols.of(imageAt(capture), library), capture));
    }

    @Test
    void at_linkedWithEitherHashTable_isFound() {
        for (String style : List.of("sysv", "gnu")) {
            Path library = Tool.compile(directory.resolve(style + ".so"), "chain", "-s", "-Wl,--hash-style=" + style);
            LoadedElf image = imageAt(address(library, "first"));
            assertEquals(9, assertAsListed(Symbols.of(image), image, Tool.symbols("--dyn-syms", library), 1));
        }
    }

    @Test
    void at_fileReplacedOrGone_asksMemory() throws IOException {
        Path library = Tool.compile(directory.resolve("chain.so"), "chain", "-O1");
        long first = address(library, "first");
        LoadedElf image = imageAt(first);
        Listed middle = Tool.symbols("--syms", library).stream().filter(symbol -> symbol.name().equals("middle"))
                .findFirst().orElseThrow();
        long inMiddle = image.memoryAddress(middle.address());
        assertEquals(Optional.of("middle+0x0"), name(Symbols.of(image, library), inMiddle));

        Files.delete(library);
        assertEquals(Optional.empty(), name(Symbols.of(image, library), inMiddle));
        assertEquals(Optional.of("first+0x0"), name(Symbols.of(image, library), first));
        Tool.compile(library, "chain", "-O3");
        assertEquals(Optional.empty(), name(Symbols.of(image, library), inMiddle));
        assertEquals(Optional.of("first+0x0"), name(Symbols.of(image, library), first));
        assertEquals(Optional.of("first+0x0"), name(Symbols.of(image, directory), first));
    }

    /** Opening a named pipe without a writer would block. */
    @Test
    @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
    void at_fileIsAPipe_doesNotOpenIt() {
        Path library = Tool.compile(directory.resolve("chain.so"), "chain");
        long first = address(library, "first");
        Path pipe = directory.resolve("pipe");
        Tool.lines("mkfifo", pipe.toString());
        assertEquals(Optional.of("first+0x0"), name(Symbols.of(imageAt(first), pipe), first));
    }

    /** An interrupted thread can't read through a channel. */
    @Test
    void at_interruptedThread_readsTheFile() {
        Path library = Tool.compile(directory.resolve("chain.so"), "chain", "-O1");
        LoadedElf image = imageAt(address(library, "first"));
        Listed third = Tool.symbols("--syms", library).stream().filter(symbol -> symbol.name().equals("third"))
                .findFirst().orElseThrow();
        Thread.currentThread().interrupt();
        Optional<String> name = name(Symbols.of(image, library), image.memoryAddress(third.address()));
        assertTrue(Thread.interrupted());
        assertEquals(Optional.of("third+0x0"), name);
    }

    @Test
    void at_memfd_needsNoFile() {
        long twice = CSource.compile("long twice(long n) { return 2 * n; }").function("twice").address().address();
        OwnProcess process = new OwnProcess();
        assertTrue(process.regionAt(twice).map(Region::name).orElse("").contains("(deleted)"));
        assertEquals(Optional.of("twice+0x1"), name(Symbols.of(imageAt(twice)), twice + 1));
    }

    /** The bias is never added to the addresses in .dynamic of the vdso. */
    @Test
    void at_vdso_isFound() throws IOException {
        OptionalLong vdsos = AuxiliaryVector.get(AT_SYSINFO_EHDR);
        Skip.unless(vdsos.isPresent(), "there is no vdso");
        long base = vdsos.getAsLong();
        OwnProcess process = new OwnProcess();
        LoadedElf vdso = LoadedElf.at(process, base).orElseThrow();
        Region region = process.regionAt(base).orElseThrow();
        assertEquals("[vdso]", region.name());
        byte[] bytes = new byte[(int) region.byteSize()];
        assertTrue(process.read(base, bytes));
        Path file = Files.write(directory.resolve("vdso.so"), bytes);
        List<Listed> listed = Tool.symbols("--dyn-syms", file);
        assertTrue(assertAsListed(Symbols.of(vdso), vdso, listed, 1) >= 12);
    }

    /**
     * <pre>
     *  0x10 sized [4 bytes]   0x18 unsized   0x20 label   0x30 sized [16 bytes], inner [4 bytes] at 0x34
     *  0x48 label only   0x50 sized label [8 bytes]   0x58 unsized   0x60 sized [8 bytes], not exported
     * </pre>
     */
    @Test
    void at_assembly_followsTheRules() throws IOException {
        Path source = Files.writeString(directory.resolve("assembly.s"), """
                .text
                .globl start; .type start, @object; start: .space 16
                .globl sized; .type sized, @function; sized: .space 4; .size sized, 4
                .space 4
                .globl unsized; .type unsized, @function; unsized: .space 8
                .globl label; label: .space 16
                .globl __outer; .type __outer, @function; __outer:
                .globl outer; .type outer, @function; outer: .space 4
                .globl inner; .type inner, @function; inner: .space 4; .size inner, 4
                .space 8; .size outer, 16; .size __outer, 16
                .space 8
                .globl last_label; last_label: .space 8
                .globl sized_label; sized_label: .space 8; .size sized_label, 8
                .globl exported; .type exported, @function; exported: .space 8
                .type local, @function; local: .space 8; .size local, 8
                """);
        Path library = directory.resolve("assembly.so");
        Tool.lines("cc", "-shared", "-nostdlib", "-Wl,-z,noexecstack", "-o", library.toString(), source.toString());
        long start = address(library, "start");
        Symbols symbols = Symbols.of(imageAt(start), library);
        List<String> names = List.of("0x0 -", "0xf -", "0x10 sized+0x0", "0x13 sized+0x3", "0x14 -", "0x17 -",
                "0x18 unsized+0x0", "0x1f unsized+0x7", "0x20 unsized+0x8", "0x2f unsized+0x17", "0x30 outer+0x0",
                "0x34 inner+0x0", "0x37 inner+0x3", "0x38 outer+0x8", "0x3f outer+0xf", "0x40 -", "0x47 -",
                "0x48 last_label+0x0", "0x4f last_label+0x7", "0x50 sized_label+0x0", "0x57 sized_label+0x7",
                "0x58 exported+0x0", "0x60 local+0x0", "0x67 local+0x7");
        for (String line : names) {
            String[] columns = line.split(" ");
            assertEquals(columns[1], name(symbols, start + Long.decode(columns[0])).orElse("-"), columns[0]);
        }
    }

    @Test
    void at_dataOrOutside_isEmpty() {
        LoadedElf libc = new OwnProcess().image("/libc.so.6");
        Symbols symbols = Symbols.of(libc);
        for (long address : new long[]{0, -1, libc.range().start(), libc.range().end() - 1, libc.range().end()}) {
            assertEquals(Optional.empty(), symbols.at(address));
        }
    }
}
