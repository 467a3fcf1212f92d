package dev.linen.internal.binding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.memory.Mapping;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Skip;
import dev.linen.testing.TestFunctions;

/**
 * Checks the properties that liblinen.so needs to run on threads without libc, and to be loadable on every system; those
 * of every CPU that it was compiled for.
 */
class NativePartTest {

    private static final Path LIBRARIES = Path.of("target/classes/META-INF/native");

    /** The compiler sees these numbers only if the headers lack them. */
    @Test
    void numbersForOlderHeaders_areTheKernels() throws IOException {
        Map<String, Long> numbers = Pattern.compile("#ifndef (\\w+) .*\n#define \\1 (\\w+)\n#endif")
                .matcher(Files.readString(Path.of("src/main/c/inject.c"))).results()
                .collect(Collectors.toMap(number -> number.group(1), number -> Long.decode(number.group(2))));
        assertEquals(Map.of("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", Kernel.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                "__NR_epoll_pwait2", SyscallNumber.EPOLL_PWAIT2), numbers);
    }

    /** A program of the native part and selftest.c, without Java; the self-test of each CPU. */
    @Test
    void selfTest_run_passes() throws Exception {
        assertPasses(TestFunctions.program("selftest").toString());
    }

    /** Under qemu-user, which translates the other CPU's instructions and makes its system calls on this kernel. */
    @Test
    void selfTest_ofTheOtherCpu_passes() throws Exception {
        String cpu = Code.isX86() ? "aarch64" : "x86_64";
        Path program = Path.of("target", "test-native", cpu, "selftest");
        Skip.unless(Files.exists(program), "no C compiler for " + cpu);
        String emulator = Stream.of("qemu-" + cpu, "qemu-" + cpu + "-static").filter(NativePartTest::isInstalled)
                .findFirst().orElseGet(() -> Skip.because("no qemu-" + cpu + " (Debian: qemu-user)"));
        assertPasses(emulator, program.toString());
    }

    private static boolean isInstalled(String command) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
    }

    private static void assertPasses(String... selfTest) throws Exception {
        Process process = new ProcessBuilder(selfTest).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains(" passed, with pages of " + Mapping.pageSize() + " bytes"), output);
    }

    static List<Path> libraries() {
        List<Path> libraries = Stream.of("x86_64", "aarch64")
                .map(cpu -> LIBRARIES.resolve("linux-" + cpu).resolve("liblinen.so")).filter(Files::exists).toList();
        assertTrue(libraries.contains(Path.of("target/classes" + Platform.resource())), libraries::toString);
        return libraries;
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void dynamicSection_read_hasNoDependencies(Path library) {
        String dynamic = binutil(library, "readelf", "-W", "-d");
        assertTrue(dynamic.contains("(SYMTAB)"), dynamic);
        assertFalse(dynamic.contains("(NEEDED)"), dynamic);
        assertFalse(dynamic.contains("(TEXTREL)"), dynamic);
        assertFalse(dynamic.contains("(JMPREL)"), dynamic);
    }

    /** A call through the PLT could enter ld.so, which reads the thread structure of libc. */
    @ParameterizedTest
    @MethodSource("libraries")
    void relocations_read_areOfNoSymbol(Path library) {
        String relocations = binutil(library, "readelf", "-W", "-h", "-r");
        assertTrue(relocations.contains("DYN (Shared object file)"), relocations);
        for (String line : relocations.lines().filter(line -> line.matches(".* R_(X86_64|AARCH64)_.*")).toList()) {
            assertTrue(line.matches(".* R_(X86_64|AARCH64)_RELATIV.*"), line); // readelf cuts the name
        }
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void symbols_read_areTheExportsAndNoneUndefined(Path library) {
        Set<String> exported = new TreeSet<>();
        for (String line : binutil(library, "readelf", "-W", "--dyn-syms").lines().toList()) {
            String[] columns = line.trim().split(" +"); // Num: Value Size Type Bind Vis Ndx Name
            if (columns.length == 8 && columns[0].matches("\\d+:") && !columns[3].equals("SECTION")) {
                assertFalse(columns[6].equals("UND"), line);
                exported.add(columns[3] + " " + columns[7]);
            }
        }
        Set<String> expected = new TreeSet<>(Set.of("OBJECT linen_abi", "OBJECT linen_before", "OBJECT linen_process",
                "FUNC linen_child", "FUNC linen_clone", "FUNC linen_handler", "FUNC linen_posix_child",
                "FUNC linen_supervise", "FUNC linen_syscall", "FUNC linen_thread_word"));
        if (isX86(library)) {
            expected.add("FUNC linen_restorer"); // on aarch64, the kernel has that code
        }
        assertEquals(expected, exported);
    }

    private static boolean isX86(Path library) {
        return library.toString().contains("linux-x86_64");
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void segments_read_are64KiBAlignedAndNeverWritableCode(Path library) {
        List<String> lines = binutil(library, "readelf", "-W", "-l").lines().map(String::trim).toList();
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
    void sources_read_haveNoPageSize() throws IOException {
        Pattern pageSize = Pattern.compile(
                "PAGE_SIZE|PAGESIZE|\\b(4096|16384|65536|0x1000|0x4000|0x10000|4 \\* 1024)\\b",
                Pattern.CASE_INSENSITIVE);
        try (Stream<Path> sources = Files.walk(Path.of("src", "main", "c"))) {
            for (Path source : sources.filter(path -> path.toString().matches(".*\\.[ch]")).toList()) {
                assertFalse(pageSize.matcher(Files.readString(source)).find(), source::toString);
            }
        }
    }

    @Test
    void code_ofX86_hasNoPageSize() {
        Skip.unless(Code.isX86(), "this CPU's objdump doesn't know x86-64's instructions");
        Path library = libraries().stream().filter(NativePartTest::isX86).findFirst()
                .orElseGet(() -> Skip.because("no library for x86_64"));
        // The types of files and the flags of open have such values, too: they are compared and tested.
        String code = binutil(library, "objdump", "-d", "--no-show-raw-insn").replaceAll("\t(cmp|test)\\w* .*", "");
        assertTrue(code.contains("syscall"), code);
        assertFalse(Pattern.compile("\\$0x(1000|fff|fffffffffffff000|4000|10000)\\b").matcher(code).find(), code);
    }

    private static String binutil(Path library, String... command) {
        try {
            Process process = new ProcessBuilder(
                    Stream.concat(Stream.of(command), Stream.of(library.toString())).toList())
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
