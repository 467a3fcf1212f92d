package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.iovec;
import dev.linen.testing.Allocation;
import dev.linen.testing.Skip;

/** Tests one system call for each number of arguments. Every argument affects the result. */
class SyscallTest {

    private static final long PAGE = AuxiliaryVector.get(Kernel.AT_PAGESZ).orElseThrow();

    @TempDir
    private Path directory;

    private final Arena arena = Arena.ofAuto();

    @Test
    void invoke_noArgument_givesTheResult() {
        assertEquals(ProcessHandle.current().pid(), Syscall.invoke(SyscallNumber.GETPID));
    }

    @Test
    void invoke_oneArgument_passesIt() {
        MemorySegment names = arena.allocate(1024);
        assertEquals(0, Syscall.invoke(SyscallNumber.UNAME, names.address()));
        assertEquals("Linux", names.getString(0));
    }

    @Test
    void invoke_twoArguments_passesBoth() throws IOException {
        String expected = Path.of("").toRealPath().toString();
        MemorySegment name = arena.allocate(PAGE);
        assertEquals(expected.length() + 1, Syscall.invoke(SyscallNumber.GETCWD, name.address(), name.byteSize()));
        assertEquals(expected, name.getString(0));
        assertEquals(-Kernel.ERANGE, Syscall.invoke(SyscallNumber.GETCWD, name.address(), 1));
    }

    @Test
    void invoke_threeArguments_passesAllIn64Bits() throws IOException {
        long fd = open(Files.writeString(directory.resolve("file"), "0123456789"));
        long far = 5_000_000_000L;
        assertEquals(far, Syscall.invoke(SyscallNumber.LSEEK, fd, far, Kernel.SEEK_SET));
        assertEquals(far + 7, Syscall.invoke(SyscallNumber.LSEEK, fd, 7, Kernel.SEEK_CUR));
        assertEquals(0, Syscall.invoke(SyscallNumber.CLOSE, fd));
    }

    @Test
    void invoke_fourArguments_passesAll() throws IOException {
        long fd = open(Files.writeString(directory.resolve("file"), "0123456789"));
        MemorySegment bytes = arena.allocate(10);
        assertEquals(3, Syscall.invoke(SyscallNumber.PREAD64, fd, bytes.address(), 3, 4));
        assertEquals("456", bytes.getString(0));
        assertEquals(0, Syscall.invoke(SyscallNumber.CLOSE, fd));
    }

    @Test
    void invoke_fiveArguments_passesAll() {
        long from = mapAnonymous(2 * PAGE);
        long to = mapAnonymous(4 * PAGE);
        segment(from, 2 * PAGE).set(JAVA_BYTE, PAGE, (byte) 42);
        int flags = Kernel.MREMAP_MAYMOVE | Kernel.MREMAP_FIXED;
        assertEquals(to, Syscall.invoke(SyscallNumber.MREMAP, from, 2 * PAGE, 3 * PAGE, flags, to));
        MemorySegment moved = segment(to, 4 * PAGE);
        assertEquals(42, moved.get(JAVA_BYTE, PAGE));
        assertEquals(0, moved.get(JAVA_BYTE, 3 * PAGE - 1));
        assertEquals(0, Syscall.invoke(SyscallNumber.MUNMAP, to, 4 * PAGE));
    }

    @Test
    void invoke_sixArguments_passesAll() throws IOException {
        Path file = directory.resolve("file");
        Files.writeString(file, "a".repeat((int) PAGE) + "b".repeat((int) PAGE));
        long fd = open(file);
        long free = mapAnonymous(PAGE);
        assertEquals(0, Syscall.invoke(SyscallNumber.MUNMAP, free, PAGE));

        int flags = Kernel.MAP_PRIVATE | Kernel.MAP_FIXED_NOREPLACE;
        assertEquals(free, Syscall.invoke(SyscallNumber.MMAP, free, PAGE, Kernel.PROT_READ, flags, fd, PAGE));

        assertEquals('b', segment(free, PAGE).get(JAVA_BYTE, 0));
        List<String> maps = Files.readAllLines(Path.of("/proc/self/maps"));
        String expected = Long.toHexString(free) + "-" + Long.toHexString(free + PAGE) + " r--p ";
        assertTrue(maps.stream().anyMatch(line -> line.startsWith(expected)), () -> expected + " isn't in " + maps);
        assertEquals(0, Syscall.invoke(SyscallNumber.MUNMAP, free, PAGE));
        assertEquals(0, Syscall.invoke(SyscallNumber.CLOSE, fd));
    }

    @Test
    void invoke_sixSmallArguments_passesAll() {
        MemorySegment from = arena.allocateFrom("here");
        MemorySegment to = arena.allocate(5);
        long local = vector(to).address();
        long remote = vector(from).address();
        long pid = ProcessHandle.current().pid();
        long read = Syscall.invoke(SyscallNumber.PROCESS_VM_READV, pid, local, 1, remote, 1, 0);
        Skip.ifRefused("process_vm_readv", read);
        assertEquals(5, read);
        assertEquals("here", to.getString(0));
        assertEquals(0, Syscall.invoke(SyscallNumber.PROCESS_VM_READV, pid, local, 0, remote, 1, 0));
        assertEquals(0, Syscall.invoke(SyscallNumber.PROCESS_VM_READV, pid, local, 1, remote, 0, 0));
        assertEquals(-Kernel.EINVAL,
                Syscall.invoke(SyscallNumber.PROCESS_VM_READV, pid, local, 1, remote, 1, /* no such flag */ 1));
    }

    static Stream<Arguments> allArities() {
        return Stream.of(arity(0, () -> Syscall.invoke(100_000)), arity(1, () -> Syscall.invoke(100_000, 1)),
                arity(2, () -> Syscall.invoke(100_000, 1, 2)), arity(3, () -> Syscall.invoke(100_000, 1, 2, 3)),
                arity(4, () -> Syscall.invoke(100_000, 1, 2, 3, 4)),
                arity(5, () -> Syscall.invoke(100_000, 1, 2, 3, 4, 5)),
                arity(6, () -> Syscall.invoke(100_000, 1, 2, 3, 4, 5, 6)));
    }

    private static Arguments arity(int arguments, LongSupplier call) {
        return Arguments.of(arguments, call);
    }

    @ParameterizedTest(name = "{0} arguments")
    @MethodSource("allArities")
    void invoke_unknownNumber_isENOSYS(int arguments, LongSupplier call) {
        assertEquals(-38, call.getAsLong());
    }

    @ParameterizedTest(name = "{0} arguments")
    @MethodSource("allArities")
    void invoke_compiled_allocatesNothing(int arguments, LongSupplier call) {
        assertEquals(0, Allocation.of100000(call));
    }

    @Test
    void invoke_failingCalls_giveTheExactErrno() {
        long nowhere = 1;
        assertEquals(-Kernel.EBADF, Syscall.invoke(SyscallNumber.CLOSE, -1));
        assertEquals(-Kernel.EINVAL, Syscall.invoke(SyscallNumber.MUNMAP, nowhere, PAGE));
        assertEquals(-Kernel.EFAULT, Syscall.invoke(SyscallNumber.UNAME, nowhere));
        assertEquals(-Kernel.ENOMEM, Syscall.invoke(SyscallNumber.MPROTECT, 0, PAGE, Kernel.PROT_NONE));
        long missing = arena.allocateFrom(directory.resolve("missing").toString()).address();
        assertEquals(-Kernel.ENOENT,
                Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD, missing, Kernel.O_RDONLY));
    }

    @ParameterizedTest
    @CsvSource({"-4096, false", "-4095, true", "-1, true", "0, false", "1, false", "4095, false",
            Long.MIN_VALUE + ", false", Long.MAX_VALUE + ", false", "-4294967297, false"})
    void isError_ofResult_isTrueFromMinus4095ToMinus1(long result, boolean expected) {
        assertEquals(expected, Syscall.isError(result));
        assertEquals(expected, Errno.ofResult(result).isPresent());
    }

    private long open(Path file) {
        long fd = Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD,
                arena.allocateFrom(file.toString()).address(), Kernel.O_RDONLY);
        assertFalse(Syscall.isError(fd));
        return fd;
    }

    private static long mapAnonymous(long bytes) {
        return Syscall.invoke(SyscallNumber.MMAP, 0, bytes, Kernel.PROT_READ | Kernel.PROT_WRITE,
                Kernel.MAP_PRIVATE | Kernel.MAP_ANONYMOUS, -1, 0);
    }

    private static MemorySegment segment(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    private MemorySegment vector(MemorySegment of) {
        MemorySegment vector = arena.allocate(iovec.layout());
        iovec.iov_base(vector, of);
        iovec.iov_len(vector, of.byteSize());
        return vector;
    }

    /** The kernel's entry code ignores the upper half, so linen doesn't need to check it. */
    @Test
    void invoke_numberOfMoreThan32Bits_isThatOfTheLower32OrENOSYS() {
        long result = Syscall.invoke(SyscallNumber.GETPID | 1L << 32);
        if (result != Errno.ENOSYS.result()) { // an older kernel
            assertEquals(Syscall.invoke(SyscallNumber.GETPID), result);
        }
        assertEquals(Errno.ENOSYS.result(), Syscall.invoke(1L << 30));
    }
}
