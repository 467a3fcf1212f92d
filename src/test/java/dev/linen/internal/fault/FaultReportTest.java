package dev.linen.internal.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

import org.junit.jupiter.api.Test;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.Machine;
import dev.linen.internal.linux.x86_64.sigcontext;

/** Reading a report of a fault doesn't fail, whatever can't be determined. */
class FaultReportTest {

    private static final MemorySegment NONE = MemorySegment.ofAddress(1L << 40);

    private static FaultRecord record(long address, long stackPointer) {
        MemorySegment words = MemorySegment.ofArray(new long[LinenH.LINEN_REGISTERS]);
        if (Machine.THIS == Machine.X86_64) {
            sigcontext.rsp(words, stackPointer);
            sigcontext.trapno(words, 14);
        } else {
            dev.linen.internal.linux.aarch64.sigcontext.sp(words, stackPointer);
        }
        return new FaultRecord(1, Kernel.SIGSEGV, Kernel.SEGV_MAPERR, address, words);
    }

    private static FaultReport report(FaultRecord record, MemorySegment stack, LongSupplier usedBytes) {
        MemorySegment libcs = MemorySegment.ofAddress(record.address()).reinterpret(1);
        return new FaultReport(record,
                new Surroundings("function", Optional.empty(), stack, NONE, NONE, NONE, libcs, usedBytes));
    }

    /** A stack that can't be read stands for a heap that is full. */
    private static MemorySegment unreadableStack() {
        try (Arena arena = Arena.ofConfined()) {
            return arena.allocate(4096);
        }
    }

    private static void assertSaysLess(FaultReport report) {
        assertEquals(List.of(new Place(0, "0x0", "not mapped")), report.backtrace());
        assertEquals(Cause.LIBC_TLS, report.cause());
        assertEquals(-1, report.usedBytes());
    }

    @Test
    void report_noMemoryForTheStack_saysLess() {
        MemorySegment stack = unreadableStack();
        assertSaysLess(report(record(1 << 20, stack.address()), stack, () -> {
            throw new InternalError("of the test");
        }));
    }

    @Test
    void settle_noMemoryForTheStack_saysLess() {
        MemorySegment stack = unreadableStack();
        FaultReport report = report(record(1 << 20, stack.address()), stack, () -> {
            throw new InternalError("of the test");
        });
        report.settle();
        assertSaysLess(report);
    }

    @Test
    void read_noCopyOfTheStack_doesNotReadTheStack() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(8192);
            ProcessImages images = new ProcessImages(memory.asSlice(0, 4096), null);
            assertFalse(images.read(memory.address(), new byte[8])); // it may be another thread's by now
            assertTrue(images.read(memory.address() + 4096, new byte[8]));
        }
    }
}
