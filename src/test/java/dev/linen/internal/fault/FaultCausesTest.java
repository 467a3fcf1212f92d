package dev.linen.internal.fault;

import static dev.linen.testing.Faults.closedMapping;
import static dev.linen.testing.Faults.fault;
import static dev.linen.testing.Faults.faulty;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.function.CSource;
import dev.linen.function.NativeFunction;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Guards;
import dev.linen.testing.Skip;
import dev.linen.thread.FaultCause;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.ThreadFault;

/** What a fault report says about the less usual faults: no cause that is only likely, and no remedy that misleads. */
class FaultCausesTest {

    private static final String ONLY_X86 = "an exception that only x86-64 has";

    private static ThreadFault of(String function, long argument, String text, String... flags) {
        return fault(NativeThread.builder(), CSource.compile(text, flags).function(function), argument);
    }

    /** A function whose body is assembly. */
    private static ThreadFault ofAssembly(String assembly, long argument) {
        return of("f", argument, "long f(long x) { __asm__ volatile(\"" + assembly
                + "\" : : \"D\"(x) : \"rax\", \"memory\", \"cc\"); return 1; }");
    }

    private static void assertSays(String expected, ThreadFault fault) {
        assertEquals(expected, fault.signal() + " " + fault.code() + " " + fault.cause() + ": " + fault.explanation(),
                fault::report);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 64})
    void guardPage_ofAnOpenMapping_isProtected(long before) {
        Skip.unless(Guards.areMarks(), "this kernel has no MADV_GUARD_INSTALL (it is older than 6.13)");
        long page = Mapping.pageSize();
        for (int i = 0; i < 2; i++) { // the second is where a closed one was
            try (Mapping mapping = Mapping.anonymous((before + 2) * page)) {
                mapping.advise((before + 1) * page, page, Advice.GUARD_INSTALL);
                long address = mapping.address() + (before + 1) * page;
                assertSays(
                        "SIGSEGV SEGV_MAPERR protected: 0x" + Long.toHexString(address) + ", which was read, lies in "
                                + "a guard page of a mapping (PROT_READ|PROT_WRITE): MADV_GUARD_INSTALL",
                        fault("read_byte", address));
            }
        }
    }

    @Test
    void divisionByConstantZero_isTheCompilersTrap() {
        ThreadFault fault = of("f", 1, "long f(long x) { return x / 0; }", "-w");
        assertEquals(Code.isX86() ? FaultCause.ILLEGAL_INSTRUCTION : FaultCause.TRAP, fault.cause(), fault::report);
        assertTrue(fault.explanation().startsWith("the compiler put a trap there"), fault::report);
    }

    @Test
    void ud1_isTheCompilersTrap() { // ud1l 0x16(%eax), %eax: clang's -fsanitize-trap
        Skip.unless(Code.isX86(), ONLY_X86);
        ThreadFault fault = ofAssembly(".byte 0x67, 0x0f, 0xb9, 0x40, 0x16", 1);
        assertTrue(fault.explanation().startsWith("the compiler put a trap there"), fault::report);
    }

    @Test
    void undefinedInstruction_isNotTheCompilersTrap() { // ud0
        Skip.unless(Code.isX86(), ONLY_X86);
        ThreadFault fault = ofAssembly(".byte 0x0f, 0xff, 0xc0", 1);
        assertSays("SIGILL ILL_ILLOPN illegal-instruction: the CPU doesn't have this instruction (illegal operand)",
                fault);
    }

    @ParameterizedTest
    @CsvSource({"0", "-1"})
    void division_byZeroOrTooLarge_saysBoth(long divisor) {
        Skip.unless(Code.isX86(), ONLY_X86);
        ThreadFault fault = of("f", divisor, """
                long f(long x) { volatile long least = 1L << 63; volatile long by = x; return least / by; }
                """);
        assertSays("SIGFPE FPE_INTDIV divide: integer division by zero, or its result is too large", fault);
    }

    @Test
    void alignmentCheck_hasTheInstructionsAddress() {
        Skip.unless(Code.isX86(), ONLY_X86);
        try (Mapping mapping = Mapping.anonymous(4096)) {
            ThreadFault fault = ofAssembly("pushf; orl $0x40000, (%%rsp); popf; mov 1(%%rdi), %%rax",
                    mapping.address());
            assertEquals("SIGBUS BUS_ADRALN", fault.signal() + " " + fault.code());
            assertEquals(FaultCause.MISALIGNED, fault.cause());
            assertTrue(fault.explanation().startsWith("0x" + Long.toHexString(mapping.address() + 1)
                    + " is misaligned, and the thread has set the flag AC"), fault::report);
        }
    }

    @Test
    void overflowException_isNoNullPointer() {
        Skip.unless(Code.isX86(), ONLY_X86);
        assertSays("SIGSEGV SI_KERNEL trap: the overflow exception was raised (int 4)", ofAssembly("int $4", 1));
    }

    @ParameterizedTest
    @CsvSource({"int3, SIGTRAP SI_KERNEL trap: breakpoint", ".byte 0xf1, SIGTRAP TRAP_BRKPT trap: breakpoint",
            "'pushf; orl $0x100, (%%rsp); popf; nop; nop', SIGTRAP TRAP_TRACE trap: trace trap"})
    void trap_isNamed(String assembly, String expected) {
        Skip.unless(Code.isX86(), ONLY_X86);
        assertSays(expected, ofAssembly(assembly, 1));
    }

    @ParameterizedTest
    @ValueSource(longs = {0xffff_8000_0000_1000L, -8})
    void kernelsAddress_isSaid(long address) {
        assertSays("SIGSEGV SEGV_MAPERR unmapped: 0x" + Long.toHexString(address)
                + " is an address of the kernel's, which was read", fault("read_byte", address));
    }

    @Test
    void stackPointerIsNoAddress_isSaid() {
        Skip.unless(Code.isX86(), ONLY_X86);
        assertSays("SIGBUS SI_KERNEL unmapped: the stack pointer, 0x123456789abcdef0, can't be an address: its upper "
                + "bits differ", fault("push_at", 0x1234_5678_9ABC_DEF0L));
    }

    /** Without a huge page the mapping succeeds, but not the first access. */
    @Test
    void hugePages_noneLeft_isSaid() {
        long bytes = 1L << 40; // more than any machine has
        long address = Syscall.invoke(SyscallNumber.MMAP, 0, bytes, Protection.READ_WRITE.bits(),
                MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).bits() | Kernel.MAP_HUGETLB | Kernel.MAP_NORESERVE, -1, 0);
        Skip.unless(!Syscall.isError(address), "this kernel has no huge pages: " + address);
        try {
            Skip.unless(noHugePageIsFree(), "this system has huge pages (vm.nr_hugepages)");
            ThreadFault fault = fault("write_byte", address);
            assertSays("SIGBUS BUS_ADRERR bus: there is no memory behind 0x" + Long.toHexString(address)
                    + ": no huge page is left (vm.nr_hugepages)", fault);
        } finally {
            Syscall.invoke(SyscallNumber.MUNMAP, address, bytes);
        }
    }

    private static boolean noHugePageIsFree() {
        try {
            return Files.readString(Path.of("/proc/meminfo")).matches("(?s).*HugePages_Free: +0\n.*");
        } catch (IOException unreadable) {
            return false;
        }
    }

    @Test
    void fileCutOff_hasItsSize(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("short"), new byte[2 * (int) Mapping.pageSize()]);
        long byteBehind = Mapping.pageSize() + 1; // the rest of the page that has the end can be read
        try (Mapping mapping = Mapping.file(file)) {
            long address = mapping.address() + byteBehind;
            String behind = "SIGBUS BUS_ADRERR bus: there is no memory behind 0x" + Long.toHexString(address) + ": ";
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(100);
            }
            assertSays(behind + "the file " + file + " ends before it, at 100 bytes; it is byte " + byteBehind,
                    fault("read_byte", address));
            Files.delete(file);
            assertSays(behind + "the deleted file " + file + " ends before it, or its file system is full",
                    fault("read_byte", address));
        }
    }

    static final class FileSystemFull {
        public static void main(String... arguments) throws IOException {
            Path file = Path.of(arguments[0], "store");
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(8 << 20);
            }
            CSource c = CSource.compile("""
                    long fill(volatile char *p) {
                        for (long i = 0; i < 8 << 20; i += 4096) p[i] = 1;
                        return 0;
                    }
                    """);
            try (Mapping mapping = Mapping.file(file, Protection.READ_WRITE, MapFlags.SHARED)) {
                ThreadFault fault = fault(NativeThread.builder(), c.function("fill"), mapping.address());
                System.out.print(fault.code() + " " + fault.cause() + ": "
                        + fault.explanation().replaceFirst(".*: it is byte \\d+ of", "it is a byte of"));
            }
        }
    }

    @Test
    void fileSystemFull_isSaid(@TempDir Path folder) throws IOException, InterruptedException {
        String[] wrapper = {"unshare", "-Urm", "sh", "-c",
                "mount -t tmpfs -o size=1m none '" + folder + "' && exec \"$@\"", "sh"};
        Process possible = new ProcessBuilder("unshare", "-Urm", "sh", "-c",
                "mount -t tmpfs -o size=1m none '" + folder + "'").start();
        Skip.unless(possible.waitFor() == 0, "this process has no permission to mount file systems");
        ChildJvm.Result result = ChildJvm.of(FileSystemFull.class).wrappedIn(wrapper).run(folder.toString());
        assertEquals("BUS_ADRERR bus: it is a byte of the 8388608 of " + folder
                + "/store; the file system is full, or reading it failed", result.out(), result::toString);
    }

    private static SymbolLookup library(Path folder, String text)
            throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve("lib.c"), text);
        Path library = folder.resolve("lib.so");
        ProcessBuilder compiler = new ProcessBuilder("cc", "-O2", "-fPIC", "-shared", "-Wl,-z,lazy", "-o",
                library.toString(), source.toString()).inheritIO();
        assertEquals(0, compiler.start().waitFor());
        return SymbolLookup.libraryLookup(library, Arena.global());
    }

    @Test
    void undefinedSymbol_boundLazily_isNamed(@TempDir Path folder) throws IOException, InterruptedException {
        SymbolLookup library = library(folder, "int not_there(void); long f(long x) { return not_there() + x; }");
        ThreadFault fault = fault(NativeThread.builder(), NativeFunction.ofSymbol(library, "f"), 1);
        assertEquals("undefined-symbol: the function not_there that lib.so calls is in no loaded library: link it with "
                + "the library that has it", fault.cause() + ": " + fault.explanation(), fault::report);
    }

    /** The dynamic linker has the function that finds such a variable, and faults in it. */
    @Test
    void threadLocalVariable_isNoUndefinedSymbol(@TempDir Path folder) throws IOException, InterruptedException {
        SymbolLookup library = library(folder, "__thread long count; long f(long x) { return count += x; }");
        ThreadFault fault = fault(NativeThread.builder(), NativeFunction.ofSymbol(library, "f"), 1);
        assertEquals(FaultCause.LIBC_TLS, fault.cause(), fault::report);
        assertTrue(fault.explanation().contains("run it as Kind.POSIX"), fault::report);
    }

    @Test
    void closedMapping_mappedAgainBeforeTheReportIsRead_isStillSaid() {
        long address = closedMapping();
        try (NativeThread thread = NativeThread.start(faulty("read_byte"), address)) {
            ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
            long again = Syscall.invoke(SyscallNumber.MMAP, address, 1 << 20, Protection.READ_WRITE.bits(),
                    MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).bits() | Kernel.MAP_FIXED_NOREPLACE, -1, 0);
            Skip.unless(again == address, "another thread has mapped something there");
            try {
                assertFalse(fault.explanation().contains("guard"), fault::report);
                assertTrue(fault.explanation().startsWith("a Mapping is closed"), fault::report);
            } finally {
                Syscall.invoke(SyscallNumber.MUNMAP, address, 1 << 20);
            }
        }
    }
}
