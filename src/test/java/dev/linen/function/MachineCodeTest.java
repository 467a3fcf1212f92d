package dev.linen.function;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Joining;
import dev.linen.testing.Skip;
import dev.linen.thread.NativeThread;

@NoLeaks
class MachineCodeTest {

    private static final int[] IDENTITY = Code.identity();

    private static final AtomicInteger NEXT = new AtomicInteger();

    /** Returns code that no other test uses. */
    private static int[] fresh() {
        return Code.returning(0x115e_0000 + NEXT.incrementAndGet());
    }

    private static long run(NativeFunction function, long argument) {
        try (NativeThread thread = NativeThread.start(function, argument)) {
            return Joining.join(thread);
        }
    }

    private static MemoryMap.Region region(MachineCode code) {
        return MemoryMap.read().find(code.segment().address()).orElseThrow();
    }

    @Test
    void function_onANativeThread_runs() {
        assertEquals(0x1234_5678_9abc_def0L, run(MachineCode.of(IDENTITY).function(), 0x1234_5678_9abc_def0L));
    }

    @Test
    void function_insideTheCode_runs() {
        MachineCode code = MachineCode.of(Code.trapThenIncrement());
        assertEquals(42, run(NativeFunction.ofAddress(code.segment().asSlice(Code.trapBytes())), 41));
    }

    /** The rest of the page isn't code. */
    @Test
    void ofAddress_behindTheCode_isRefused() {
        MachineCode code = MachineCode.of(fresh());
        long end = code.segment().address() + code.segment().byteSize();
        NativeFunction.ofAddress(MemorySegment.ofAddress(end - 1));
        assertThrows(IllegalArgumentException.class, () -> NativeFunction.ofAddress(MemorySegment.ofAddress(end)));
    }

    @Test
    void ofAddress_foreignExecutableMemory_isRefused() {
        MachineCode.of(fresh());
        try (Mapping other = Mapping.anonymous(Mapping.pageSize())) {
            other.protect(Protection.READ_EXEC);
            assertThrows(IllegalArgumentException.class, () -> NativeFunction.ofAddress(other.segment()));
        }
    }

    @Test
    void of_anyBytes_areReadableAndExecutableOnly() {
        MachineCode code = MachineCode.of(fresh());
        assertEquals(Protection.READ_EXEC, region(code).protection());
        assertTrue(code.segment().isReadOnly());
    }

    /** Runs in a thread that can't get memory that is both writable and executable. */
    static final class WithoutWriteAndExec {
        public static void main(String... arguments) {
            MachineCode.of(fresh()); // loads everything that is loaded lazily
            long all = Protection.READ.with(Protection.WRITE).with(Protection.EXEC).bits();
            FailingSyscall.of(SyscallNumber.MMAP).whenArgument(2, all).with(Errno.EPERM);
            FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(2, all).with(Errno.EPERM);
            System.out.println(run(MachineCode.of(IDENTITY).function(), 42));
        }
    }

    @Test
    void of_writableAndExecutableForbidden_runs() {
        // The JVM's own code memory is writable and executable, so it must be mapped before the filter is installed.
        ChildJvm.Result result = ChildJvm.of(WithoutWriteAndExec.class)
                .flags("-XX:InitialCodeCacheSize=64m", "-XX:ReservedCodeCacheSize=64m").run();
        assertEquals("42\n", result.out(), result::toString);
    }

    static final class WithoutExec {
        public static void main(String... arguments) {
            MachineCode.of(fresh());
            int length = 37 * (int) Mapping.pageSize(); // the JVM protects fewer, at the end of a thread's stack
            FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, length).with(Errno.EACCES);
            try {
                MachineCode.of(new byte[length]);
            } catch (SyscallException forbidden) {
                long address = Long.decode(forbidden.arguments().get(0));
                System.out.println(forbidden.errno() + " " + forbidden.call() + " " + MemoryMap.regionAt(address));
            }
        }
    }

    @Test
    void of_execForbidden_throwsAndLeavesNothingMapped() {
        ChildJvm.Result result = ChildJvm.of(WithoutExec.class).run();
        assertEquals("EACCES mprotect Optional.empty\n", result.out(), result::toString);
    }

    @Test
    void of_kernelWithMseal_isSealed() {
        Skip.ifRefused("mseal", Syscall.invoke(SyscallNumber.MSEAL, 0, 0, 0));
        MachineCode code = MachineCode.of(fresh());
        long address = code.segment().address();
        long page = Mapping.pageSize();
        assertEquals(Errno.EPERM.result(),
                Syscall.invoke(SyscallNumber.MPROTECT, address, page, Protection.READ_WRITE.bits()));
        assertEquals(Errno.EPERM.result(), Syscall.invoke(SyscallNumber.MUNMAP, address, page));
        assertEquals(Protection.READ_EXEC, region(code).protection());
    }

    /** Simulates a kernel before 6.10. */
    static final class WithoutMseal {
        public static void main(String... arguments) {
            FailingSyscall.of(SyscallNumber.MSEAL).with(Errno.ENOSYS);
            System.out.println(run(MachineCode.of(IDENTITY).function(), 42));
        }
    }

    @Test
    void of_kernelWithoutMseal_runs() {
        ChildJvm.Result result = ChildJvm.of(WithoutMseal.class).run();
        assertEquals("42\n", result.out(), result::toString);
    }

    @Test
    void of_theSameBytes_isTheSameCode() {
        int[] bytes = fresh();
        MachineCode first = MachineCode.of(bytes);
        byte[] again = new byte[bytes.length];
        IntStream.range(0, bytes.length).forEach(i -> again[i] = (byte) bytes[i]);
        assertSame(first, MachineCode.of(again));
        assertFalse(first.equals(MachineCode.of(fresh())));
    }

    @Test
    void of_theSameBytesByManyAtOnce_isMappedOnce() {
        int[] bytes = fresh();
        long different = IntStream.range(0, 64).parallel().mapToObj(i -> MachineCode.of(bytes)).distinct().count();
        assertEquals(1, different);
    }

    @Test
    void of_severalPages_runsAtTheirEnd() {
        int[] nops = new int[3 * (int) Mapping.pageSize()];
        int[] nop = Code.nop();
        Arrays.setAll(nops, i -> nop[i % nop.length]);
        System.arraycopy(IDENTITY, 0, nops, nops.length - IDENTITY.length, IDENTITY.length);
        assertEquals(7, run(MachineCode.of(nops).function(), 7));
    }

    @Test
    void of_noBytes_isRefused() {
        assertEquals("machine code must have at least 1 byte",
                assertThrows(IllegalArgumentException.class, () -> MachineCode.of(new byte[0])).getMessage());
        assertThrows(IllegalArgumentException.class, () -> MachineCode.of());
        assertThrows(NullPointerException.class, () -> MachineCode.of((byte[]) null));
    }

    @Test
    void of_valueOutOfRange_isRefused() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> MachineCode.of(0x90, 256)).getMessage()
                .contains("not 256 (at index 1)"));
        assertThrows(IllegalArgumentException.class, () -> MachineCode.of(-129));
        assertSame(MachineCode.of(0xc3), MachineCode.of((byte) 0xc3));
    }

    @Test
    void toString_anyCode_isItsPlaceAndFirstBytes() {
        MachineCode code = MachineCode.of(IDENTITY);
        String address = SyscallException.hex(code.segment().address());
        String hex = Arrays.stream(IDENTITY).mapToObj("%02x"::formatted).collect(Collectors.joining());
        assertEquals("MachineCode[" + address + ", " + hex + "]", code.toString());
        byte[] many = new byte[17];
        assertTrue(MachineCode.of(many).toString().endsWith(", " + "00".repeat(16) + "...]"));
        assertTrue(MachineCode.of(new byte[16]).toString().endsWith(", " + "00".repeat(16) + "]"));
        assertEquals(address, code.function().toString());
    }
}
