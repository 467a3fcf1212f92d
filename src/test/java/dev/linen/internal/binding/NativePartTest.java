package dev.linen.internal.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import dev.linen.testing.Skip;

/** Checks the properties that liblinen.so needs to run on threads without libc, and to be loadable on every system. */
class NativePartTest {

    private static final Path LIBRARY = Path.of("target/classes" + Platform.resource());

    @Test
    void dynamicSection_read_hasNoDependencies() {
        String dynamic = binutil("readelf", "-W", "-d");
        assertTrue(dynamic.contains("(SYMTAB)"), dynamic);
        assertFalse(dynamic.contains("(NEEDED)"), dynamic);
        assertFalse(dynamic.contains("(TEXTREL)"), dynamic);
        assertFalse(dynamic.contains("(JMPREL)"), dynamic);
    }

    /** A call through the PLT could enter ld.so, which reads the thread structure of libc. */
    @Test
    void relocations_read_areOfNoSymbol() {
        String relocations = binutil("readelf", "-W", "-h", "-r");
        assertTrue(relocations.contains("DYN (Shared object file)"), relocations);
        for (String line : relocations.lines().filter(line -> line.contains("R_X86_64")).toList()) {
            assertTrue(line.contains("R_X86_64_RELATIVE"), line);
        }
    }

    @Test
    void symbols_read_areTheExportsAndNoneUndefined() {
        Set<String> exported = new TreeSet<>();
        for (String line : binutil("readelf", "-W", "--dyn-syms").lines().toList()) {
            String[] columns = line.trim().split(" +"); // Num: Value Size Type Bind Vis Ndx Name
            if (columns.length == 8 && columns[0].matches("\\d+:")) {
                assertFalse(columns[6].equals("UND"), line);
                exported.add(columns[3] + " " + columns[7]);
            }
        }
        Set<String> expected = Set.of("OBJECT linen_abi", "OBJECT linen_before", "OBJECT linen_process",
                "FUNC linen_child", "FUNC linen_clone", "FUNC linen_handler", "FUNC linen_posix_child",
                "FUNC linen_restorer", "FUNC linen_syscall", "FUNC linen_thread_word");
        assertEquals(expected, exported);
    }

    @Test
    void segments_read_are64KiBAlignedAndNeverWritableCode() {
        List<String> lines = binutil("readelf", "-W", "-l").lines().map(String::trim).toList();
        List<String> loads = lines.stream().filter(line -> line.startsWith("LOAD ")).toList();
        assertFalse(loads.isEmpty(), lines::toString);
        for (String load : loads) {
            assertTrue(load.endsWith(" 0x10000"), load);
            assertFalse(Pattern.compile(" RWE | RWX ").matcher(load).find(), load);
        }
        assertTrue(lines.stream().anyMatch(line -> line.matches("GNU_STACK .* RW +0x\\w+")), lines::toString);
    }

    /** The library must run on kernels with any page size, so it gets the page size from Java. */
    @Test
    void sources_andCode_haveNoPageSize() throws IOException {
        Pattern pageSize = Pattern.compile(
                "PAGE_SIZE|PAGESIZE|\\b(4096|16384|65536|0x1000|0x4000|0x10000|4 \\* 1024)\\b",
                Pattern.CASE_INSENSITIVE);
        try (Stream<Path> sources = Files.walk(Path.of("src", "main", "c"))) {
            for (Path source : sources.filter(path -> path.toString().matches(".*\\.[ch]")).toList()) {
                assertFalse(pageSize.matcher(Files.readString(source)).find(), source::toString);
            }
        }
        String code = binutil("objdump", "-d", "--no-show-raw-insn");
        assertTrue(code.contains("syscall"), code);
        assertFalse(Pattern.compile("\\$0x(1000|fff|fffffffffffff000|4000|10000)\\b").matcher(code).find(), code);
    }

    private static String binutil(String... command) {
        try {
            Process process = new ProcessBuilder(
                    Stream.concat(Stream.of(command), Stream.of(LIBRARY.toString())).toList())
                    .redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes());
            assertEquals(0, process.waitFor(), output);
            return output;
        } catch (IOException missing) {
            return Skip.because("no " + command[0] + " (binutils): " + missing.getMessage());
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }
}
