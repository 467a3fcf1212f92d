package dev.linen.internal.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.SymbolLookup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.x86_64.sigcontext;
import dev.linen.internal.linux.x86_64.ucontext;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.Skip;

/** Compares the unwind tables of real libraries with readelf, and uses them to unwind. */
class CallFramesTest {

    private static final Pattern FUNCTION = Pattern.compile(".* FDE cie=\\w+ pc=(\\w+)\\.\\.(\\w+)");

    private final OwnProcess process = new OwnProcess();

    /** One line of the output of readelf: the rules from an address, by column. */
    private record Line(long function, long address, Map<String, String> rules) {}

    private static List<Line> readelf(String readelf, Path library) {
        List<Line> lines = new ArrayList<>();
        long function = 0;
        boolean inFunction = false;
        String[] columns = {};
        for (String line : Tool.lines(readelf, "--debug-dump=no-follow-links,frames-interp", library.toString())) {
            // "r5 (rdi)" becomes one word
            String[] words = line.trim().replaceAll("r\\d+ \\((\\w+)\\)", "$1").split("\\s+");
            Matcher start = FUNCTION.matcher(line);
            if (start.matches()) {
                inFunction = true;
                function = Long.parseUnsignedLong(start.group(1), 16);
            } else if (line.contains(" CIE ")) {
                inFunction = false;
            } else if (line.endsWith("ZERO terminator")) {
                break;
            } else if (words[0].equals("LOC")) {
                columns = words;
            } else if (inFunction && words.length == columns.length && words.length > 1) {
                Map<String, String> rules = new HashMap<>();
                for (int i = 1; i < words.length; i++) {
                    rules.put(columns[i], words[i]);
                }
                lines.add(new Line(function, Long.parseUnsignedLong(words[0], 16), rules));
            }
        }
        return lines;
    }

    private static String asReadelf(Rule rule, Register register) {
        return switch (rule) {
            case Rule.Undefined undefined -> "u";
            case Rule.AtCfa at -> "c%+d".formatted(at.offset());
            case Rule.CfaPlus plus when plus.offset() == 0 && register == Register.STACK_POINTER -> "u"; // no explicit rule
            case Rule.CfaPlus plus -> "v%+d".formatted(plus.offset());
            case Rule.Computed computed -> "vexp";
            case Rule.AtComputed computed -> "exp";
            case Rule.InRegister in when in.register() == register -> "u"; // or "s": readelf doesn't distinguish them
            case Rule.InRegister in -> in.register().name().toLowerCase(Locale.ROOT);
        };
    }

    private static String cfa(Rule rule) {
        return rule instanceof Rule.InRegister in
                ? in.register().name().toLowerCase(Locale.ROOT) + "%+d".formatted(in.offset())
                : "exp";
    }

    /** Compares every rule of every line, for every function of a library. */
    @ParameterizedTest
    @ValueSource(strings = {"/libc.so.6", "/libm.so.6", "/ld-linux-CPU"})
    void rules_ofAnInstalledLibrary_areThoseOfReadelf(String name) throws Malformed {
        String cpu = Register.LINK_REGISTER.isPresent() ? "aarch64.so.1" : "x86-64.so.2";
        LoadedElf image = process.image(name.replace("CPU", cpu));
        Path file = Path.of(process.regionAt(image.range().start()).orElseThrow().name());
        compare(image, readelf("readelf", file));
    }

    /** Reads libraries of aarch64 from their files, with that CPU's registers. */
    static final class OfAarch64 {
        public static void main(String... arguments) throws Malformed {
            for (String argument : arguments) {
                Path library = Path.of(argument);
                compare(LoadedElf.at(new ElfFile(library), 0).orElseThrow(),
                        readelf("aarch64-linux-gnu-readelf", library));
                System.out.print("the same ");
            }
        }
    }

    /** The second library signs its return addresses. */
    @Test
    void rules_ofTheOtherCpusLibraries_areThoseOfItsReadelf(@TempDir Path directory) {
        Path libc = Path.of("/usr/aarch64-linux-gnu/lib/libc.so.6");
        Skip.unless(Files.exists(libc), "no " + libc + " (Debian: libc6-dev-arm64-cross)");
        Path signing = directory.resolve("signing.so");
        Tool.lines("aarch64-linux-gnu-gcc", "-O2", "-shared", "-fPIC", "-nostdlib", "-mbranch-protection=pac-ret",
                "-Isrc/test/c/aarch64", "-o", signing.toString(), "src/test/c/chain.c");
        ChildJvm.Result result = ChildJvm.of(OfAarch64.class).flags("-Dos.arch=aarch64").run(libc.toString(),
                signing.toString());
        assertEquals("the same the same ", result.out(), result::toString);
    }

    /** Where program's addresses end depends on the kernel; the last ones are of 39 bits. */
    @ParameterizedTest
    @CsvSource({"0x11d00556ba10c20, 0x556ba10c20, ffffffffffff", "0x556ba10c20, 0x556ba10c20, ffffffffffff",
            "0x7f00556ba10c20, 0x556ba10c20, ffffffffffff", "0xff00ffffffff1234, 0xffffffff1234, ffffffffffff",
            "0x11d00556ba10c20, 0x556ba10c20, 7fffffffff", "0x7a5a55556ba10c20, 0x556ba10c20, 7fffffffff",
            "0x7fff8000000000, 0, 7fffffffff"})
    void unsigned_ofASignedReturnAddress_isTheAddress(String signed, String address, String highest) {
        long most = Long.parseLong(highest, 16);
        Memory memory = new Memory((at, into) -> false, at -> at >= 0 && at <= most);
        assertEquals(Long.decode(address), Registers.unsigned(Long.parseUnsignedLong(signed.substring(2), 16), memory));
    }

    @Test
    void unsigned_notOfCode_isWithoutASignatureAboveTheLargestAddressSpace() {
        Memory nothing = new Memory((at, into) -> false, at -> false);
        assertEquals(0x5a55_556b_a10cL, Registers.unsigned(0x7f_5a55_556b_a10cL, nothing));
    }

    @Test
    void unsigned_ofTheKernelsAddress_isThat() {
        assertEquals(0xffff_8000_0000_1000L, Registers.unsigned(0xffff_8000_0000_1000L, process));
    }

    private static void compare(LoadedElf image, List<Line> lines) throws Malformed {
        UnwindTable table = image.unwindTable();
        assertTrue(lines.size() > (image.range().end() - image.range().start()) / 10_000,
                () -> lines.size() + " lines");
        Map<String, Register> byName = new HashMap<>();
        Register.ofThisCpu().forEach(register -> byName.put(register.name().toLowerCase(Locale.ROOT), register));
        Register returnAddress = Register.LINK_REGISTER.orElse(Register.PROGRAM_COUNTER);
        byName.put("ra", returnAddress);
        for (Line line : lines) {
            if (line.address == 0) {
                continue; // the line of a CIE
            }
            FrameDescription function = table.find(image.memoryAddress(line.address))
                    .orElseThrow(() -> new AssertionError(line.toString()));
            assertEquals(line.function, image.fileAddress(function.code().start()));
            CfaProgram rules = CfaProgram.run(function, image.memoryAddress(line.address));
            Map<String, String> ours = new HashMap<>();
            Map<String, String> theirs = new HashMap<>(line.rules);
            theirs.keySet().removeIf(column -> !column.equals("CFA") && !byName.containsKey(column));
            theirs.replaceAll((column, rule) -> rule.equals("s") ? "u" : rule);
            for (String column : theirs.keySet()) {
                ours.put(column, column.equals("CFA")
                        ? cfa(rules.cfa())
                        : asReadelf(rules.rule(byName.get(column)), byName.get(column)));
            }
            assertEquals(theirs, ours, () -> Long.toHexString(line.address));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/libc.so.6", "/libjvm.so", "/libjli.so"})
    void programs_ofAnInstalledLibrary_runToTheirEnd(String name) throws Malformed {
        LoadedElf image = process.image(name);
        UnwindTable table = image.unwindTable();
        long before = 0;
        for (long i = 0; i < table.count(); i++) {
            FrameDescription function = table.description(i);
            assertTrue(function.code().start() > before && image.range().contains(function.code().end() - 1));
            before = function.code().start();
            CfaProgram.run(function, function.code().end() - 1);
        }
        Path file = Path.of(process.regionAt(image.range().start()).orElseThrow().name());
        long functions = Tool.lines("readelf", "--debug-dump=no-follow-links,frames", file.toString()).stream()
                .filter(line -> line.contains(" FDE cie=")).count();
        assertEquals(functions, table.count());
        System.out.printf("%s: %d functions with tables%n", name, table.count());
    }

    @Test
    void find_addresses_areThoseOfTheirFunctionOnly(@TempDir Path directory) throws Malformed {
        Path library = Tool.compile(directory.resolve("chain.so"), "chain", "-O2");
        try (Chain chain = Chain.start(library)) {
            LoadedElf image = new OwnProcess().imageAt(chain.register(Register.PROGRAM_COUNTER)).orElseThrow();
            UnwindTable table = image.unwindTable();
            Range code = table.find(chain.register(Register.PROGRAM_COUNTER)).orElseThrow().code();
            assertEquals(code, table.find(code.start()).orElseThrow().code());
            assertEquals(code, table.find(code.end() - 1).orElseThrow().code());
            assertFalse(table.find(code.end()).filter(next -> next.code().equals(code)).isPresent());
            assertTrue(table.find(image.range().start()).isEmpty());
            assertTrue(table.find(image.range().end()).isEmpty());
            assertTrue(table.find(-1).isEmpty());
            assertTrue(table.find(0).isEmpty());
        }
    }

    /** Above the frame of a handler are the registers that the kernel saved. There, rip isn't a return address. */
    @Test
    void caller_ofASignalHandler_isWhatItInterrupted() throws Malformed {
        Skip.unless(Register.LINK_REGISTER.isEmpty(), "on aarch64, the code that handlers return to is the kernel's");
        LoadedElf libc = process.image("/libc.so.6");
        UnwindTable table = libc.unwindTable();
        FrameDescription restorer = null;
        for (long i = 0; i < table.count(); i++) {
            FrameDescription function = table.description(i);
            restorer = function.common().signalFrame() ? function : restorer;
        }
        assertTrue(restorer != null, "libc's __restore_rt");
        long stack = 0x7000_0000_0000L;
        ByteBuffer saved = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        for (Register register : Register.ofThisCpu()) {
            long offset = sigcontext.layout()
                    .byteOffset(PathElement.groupElement(register.name().toLowerCase(Locale.ROOT)));
            saved.putLong((int) (ucontext.uc_mcontext$offset() + offset), 1000 + register.ordinal());
        }
        MemoryReader memory = (address, into) -> {
            if (address < stack || address + into.length > stack + saved.capacity()) {
                return process.read(address, into);
            }
            saved.get((int) (address - stack), into);
            return true;
        };
        // After the handler returned, rsp points to the ucontext. The range in the tables starts one byte before the
        // function.
        long start = restorer.code().start() + 1;
        Registers handler = Registers.calling(register -> register == Register.STACK_POINTER
                ? stack
                : register == Register.PROGRAM_COUNTER ? start : 0);
        Registers interrupted = CallFrames.caller(libc, handler, new Memory(memory)).orElseThrow();
        for (Register register : Register.ofThisCpu()) {
            assertEquals(1000 + register.ordinal(), interrupted.get(register), register::name);
        }
        assertEquals(interrupted.programCounter(), interrupted.instruction());
    }

    /**
     * A call that never returns may be the last instruction of a function. Its return address is then in the next
     * function.
     */
    @Test
    void caller_ofReturnAddressBehindTheFunction_isByTheCallsRules(@TempDir Path directory) throws IOException {
        Skip.unless(Register.LINK_REGISTER.isEmpty(), "the function is in x86-64 assembly");
        Path source = Files.writeString(directory.resolve("last.s"), """
                .text
                .globl last; .type last, @function
                last: .cfi_startproc
                sub $24, %rsp
                .cfi_adjust_cfa_offset 24
                call next
                .cfi_endproc
                .size last, . - last
                .globl next; .type next, @function; .hidden next
                next: .cfi_startproc
                ret
                .cfi_endproc
                .size next, . - next
                """);
        Path library = directory.resolve("last.so");
        Tool.lines("cc", "-shared", "-nostdlib", "-Wl,-z,noexecstack", "-o", library.toString(), source.toString());
        long next = SymbolLookup.libraryLookup(library, Arena.global()).find("last").orElseThrow().address() + 9;
        OwnProcess now = new OwnProcess();
        LoadedElf image = now.imageAt(next).orElseThrow();
        // Each 64-bit word of the stack contains its own address.
        Memory stack = new Memory((address, into) -> {
            ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN).putLong(address);
            return true;
        });
        ToLongFunction<Register> values = register -> register == Register.PROGRAM_COUNTER ? next : 0x1000;
        assertEquals(0x1018, CallFrames.caller(image, Registers.calling(values), stack).orElseThrow().programCounter());
        assertEquals(0x1000,
                CallFrames.caller(image, Registers.interrupted(values), stack).orElseThrow().programCounter());
        Frame waiting = Frame.of(Registers.calling(values), Frame.Origin.UNWIND_TABLE);
        assertEquals("last+0x9", Symbols.of(image, library).at(waiting.instruction()).orElseThrow()
                .plus(waiting.programCounter()));
    }
}
