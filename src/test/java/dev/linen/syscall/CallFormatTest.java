package dev.linen.syscall;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.testing.Allocation;

class CallFormatTest {

    private static final MemorySegment NULL = MemorySegment.NULL;

    private final Arena arena = Arena.ofAuto();

    private static MemorySegment text(String text) {
        return Arena.global().allocateFrom(text);
    }

    static Stream<Arguments> calls() {
        int readWrite = Kernel.PROT_READ | Kernel.PROT_WRITE;
        int anonymous = Kernel.MAP_PRIVATE | Kernel.MAP_ANONYMOUS;
        return Stream.of(
                call("openat(AT_FDCWD, \"/etc/hostname\", O_RDONLY|O_CLOEXEC, 0)", Kernel.AT_FDCWD,
                        text("/etc/hostname"), 0x80000, 0),
                call("openat(7, \"a\\\"b\\n\", O_WRONLY|O_CREAT|0x40000000, 0644)", 7, text("a\"b\n"), 0x40000041,
                        0644),
                call("mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)", 0L, 4096L,
                        (long) readWrite, (long) anonymous, -1, 0L),
                call("mprotect(0x7f2c4a000000, 4096, PROT_NONE)", 0x7f2c4a000000L, 4096L, 0L),
                call("read(3, NULL, 0)", 3, NULL, 0L),
                call("kill(1, SIGTERM)", 1, 15),
                call("kill(1, 0x63)", 1, 99),
                call("lseek(3, -5, SEEK_CUR)", 3, -5L, 1),
                call("futex(NULL, FUTEX_WAIT|FUTEX_PRIVATE_FLAG, 4294967295, 0, NULL, 0)", NULL, 128, -1, 0L, NULL, 0),
                call("waitid(P_PID, 4, NULL, WEXITED|WNOHANG, NULL)", 1, 4, NULL, 5, NULL),
                call("unheard_of(1, NULL)", 1, NULL),
                call("getpid()"));
    }

    private static Arguments call(String expected, Object... arguments) {
        return Arguments.of(expected, arguments);
    }

    @ParameterizedTest
    @MethodSource("calls")
    void call_ofArguments_isWhatStracePrints(String expected, Object[] arguments) {
        assertEquals(expected, CallFormat.of(expected.replaceFirst("\\(.*", ""), arguments));
    }

    @Test
    void memory_thatIsNoText_isItsAddressAndSize() {
        MemorySegment memory = arena.allocate(24);
        assertEquals("read(3, 0x" + Long.toHexString(memory.address()) + " [24 bytes], 24)",
                CallFormat.of("read", 3, memory, 24L));
    }

    @Test
    void text_long_isCut() {
        String path = "x".repeat(100);
        assertEquals("unlink(\"" + "x".repeat(64) + "\"...)", CallFormat.of("unlink", arena.allocateFrom(path)));
    }

    @Test
    void text_ofAClosedArena_isItsAddress() {
        MemorySegment closed;
        try (Arena other = Arena.ofShared()) {
            closed = other.allocateFrom("gone");
        }
        assertTrue(CallFormat.of("unlink", closed).matches("unlink\\(0x[0-9a-f]+ \\[5 bytes\\]\\)"));
    }

    @Test
    void failedCall_orThrow_namesItself() {
        SyscallException failed = assertThrows(SyscallException.class, () -> LinuxOrThrow.openat(Kernel.AT_FDCWD,
                arena.allocateFrom("/no/such"), Kernel.O_RDONLY, 0));
        assertEquals("openat(AT_FDCWD, \"/no/such\", O_RDONLY, 0) failed: ENOENT (No such file or directory)",
                failed.getMessage());
        SyscallException read = assertThrows(SyscallException.class, () -> LinuxOrThrow.read(-1, arena.allocate(8)));
        assertTrue(read.getMessage().matches("read\\(-1, 0x\\w+ \\[8 bytes\\], 8\\) failed: EBADF .*"),
                read::getMessage);
    }

    @Test
    void succeedingCall_orThrow_returnsTheResultAndAllocatesNothing() {
        assertEquals(ProcessHandle.current().pid(), LinuxOrThrow.getpid());
        MemorySegment name = arena.allocate(390);
        assertEquals(0, Allocation.of100000(() -> LinuxOrThrow.uname(name)));
    }

    @Test
    void call_withSegments_allocatesNothing() {
        MemorySegment buffer = arena.allocate(16);
        MemorySegment shared = Arena.ofShared().allocateFrom("/no/such");
        assertEquals(0, Allocation.of100000(() -> Linux.read(-1, buffer)));
        assertEquals(0, Allocation.of100000(() -> Linux.openat(-1, shared, 0, 0)));
    }
}
