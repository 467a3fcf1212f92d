package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;
import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.List;

import org.junit.jupiter.api.Test;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.stack.ThreadLocals;
import dev.linen.internal.stack.TouchedPages;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.testing.Code;
import dev.linen.testing.OwnMemory;
import dev.linen.thread.NativeThread.Kind;

@NoLeaks
class StackBufferTest {

    @Test
    void layouts_areTheSeeds() {
        assertEquals(8, StackBuffer.HANDLE_LAYOUT.byteSize());
        assertEquals(4, StackBuffer.HANDLE_LAYOUT.byteOffset(PathElement.groupElement("canary")));
        assertEquals(16, StackBuffer.EXIT_LAYOUT.byteSize());
        assertEquals(8, StackBuffer.EXIT_LAYOUT.byteOffset(PathElement.groupElement("handle")));
    }

    @Test
    void parts_fromBottomToTop_areAsDrawn() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 0)) {
            StackBuffer buffer = thread.stack();
            long stack = buffer.stack().address();
            long signalStack = linen_control.signal_stack(buffer.control());

            assertFalse(OwnMemory.isReadable(buffer.address()));
            assertFalse(OwnMemory.isReadable(signalStack - 1));
            assertTrue(signalStack - buffer.address() >= 16 << 10);
            assertTrue(OwnMemory.isReadable(signalStack));
            assertTrue(OwnMemory.isReadable(stack - buffer.guardSize() - 1));
            assertFalse(OwnMemory.isReadable(stack - buffer.guardSize()));
            assertFalse(OwnMemory.isReadable(stack - 1));
            assertTrue(OwnMemory.isReadable(stack));
            assertEquals(buffer.address() + buffer.byteSize(), stack + buffer.stackSize());
            assertEquals(buffer.exit().address() + 16, buffer.address() + buffer.byteSize());
            assertEquals(buffer.exit().address() + 8, buffer.handle());
            assertEquals(LinenH.LINEN_CANARY, buffer.exit().get(JAVA_INT, 12));
        }
    }

    @Test
    void partsBesideIt_fromBottomToTop_areAsDrawn() {
        try (NativeThread thread = NativeThread.start(function("identity"), 0);
                NativeThread other = NativeThread.start(function("identity"), 0)) {
            long locals = thread.stack().threadLocals().address();
            long control = thread.stack().control().address();
            long end = locals + thread.stack().threadLocals().byteSize();
            long guard = Code.isX86() ? locals - ThreadLocals.guardBytes() : end; // where libc's storage would be
            long guardEnd = guard + ThreadLocals.guardBytes();
            assertEquals(0, guard % Mapping.pageSize());
            assertFalse(OwnMemory.isReadable(guard));
            assertFalse(OwnMemory.isReadable(guardEnd - 1));
            assertTrue(OwnMemory.isReadable(locals));
            assertTrue(OwnMemory.isReadable(end - 1));
            assertTrue(control >= (Code.isX86() ? locals + Mapping.pageSize() : guardEnd));
            assertTrue(Long.compareUnsigned(control, thread.stack().address()) < 0);
            assertEquals(0, control % 64, "two control blocks must not share a cache line");
            assertTrue(Math.abs(other.stack().control().address() - control) >= StackBuffer.CONTROL_LAYOUT.byteSize());
            assertEquals(0, StackBuffer.CONTROL_LAYOUT.byteSize() % 64);
        }
    }

    @Test
    void threadLocals_posixThread_areRefused() {
        try (NativeThread thread = NativeThread.builder().kind(Kind.POSIX).start(function("identity"), 0)) {
            assertThrows(UnsupportedOperationException.class, thread.stack()::threadLocals);
        }
    }

    @Test
    void parkedThread_touchesOnePageOfItsOwn() throws Exception {
        // A size that no other test uses, so the stack is new.
        try (NativeThread thread = NativeThread.builder().stackSize(333 << 10).start(function("identity"), 0)) {
            thread.join();
            StackBuffer buffer = thread.stack();
            assertEquals(Mapping.pageSize(), buffer.used());
            MemorySegment signalStack = MemorySegment.ofAddress(linen_control.signal_stack(buffer.control()))
                    .reinterpret(linen_control.signal_stack_bytes(buffer.control()));
            assertTrue(TouchedPages.firstIn(signalStack).isEmpty());
        }
    }

    @Test
    void used_functionUsedAMebibyte_isThatAndALittle() throws Exception {
        long bytes = 1 << 20;
        try (NativeThread thread = NativeThread.builder().stackSize(3333 << 10).start(function("use_stack"), bytes)) {
            thread.join();
            long used = thread.stack().used();
            assertTrue(used >= bytes && used < bytes + 2 * Mapping.pageSize(), () -> "used " + used);
        }
    }

    @Test
    void sketch_ofEndedThread_hasItsAddressesAndValues() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 0xABC)) {
            thread.join();
            List<String> lines = thread.stack().sketch().lines().toList();
            String text = String.join("\n", lines);
            assertTrue(lines.getFirst().contains(hex(thread.stack().address() + thread.stack().byteSize())), text);
            assertLine(lines, hex(thread.stack().address()), "bottom");
            assertLine(lines, hex(thread.handle() + 4), "canary    0xdeadbeef");
            assertLine(lines, hex(thread.handle()), "futex     0, the thread has ended");
            assertLine(lines, hex(thread.handle() - 8), "result    0xabc");
            assertLine(lines, hex(thread.stack().stack().address()), "├");
            assertLine(lines, "", "2 MiB, ");
            assertLine(lines, hex(thread.stack().control().address()), "└");
            assertLine(lines, hex(thread.stack().threadLocals().address()), Code.isX86()
                    ? "self      " + hex(thread.stack().threadLocals().address())
                    : "poison    " + hex(LinenH.LINEN_TLS_MAGIC));
            assertFalse(thread.stack().threadLocals().address() == thread.stack().control().address(), text);
        }
    }

    private static void assertLine(List<String> lines, String address, String content) {
        assertTrue(lines.stream().anyMatch(line -> line.stripLeading().startsWith(address) && line.contains(content)),
                () -> "no line with " + address + " and " + content + " in\n" + String.join("\n", lines));
    }

    @Test
    void views_areReadOnly() {
        try (NativeThread thread = NativeThread.start(function("identity"), 0)) {
            for (MemorySegment view : List.of(thread.stack().stack(), thread.stack().exit(),
                    thread.stack().control(), thread.stack().threadLocals())) {
                assertThrows(IllegalArgumentException.class, () -> view.set(JAVA_BYTE, 0, (byte) 1));
            }
        }
    }

    @Test
    void anyCall_threadClosed_isRefused() throws Exception {
        NativeThread thread = NativeThread.start(function("identity"), 0);
        StackBuffer buffer = thread.stack();
        MemorySegment stack = buffer.stack();
        thread.close();
        assertThrows(IllegalStateException.class, () -> stack.get(JAVA_BYTE, 0));
        assertThrows(IllegalStateException.class, buffer::stack);
        assertThrows(IllegalStateException.class, buffer::exit);
        assertThrows(IllegalStateException.class, buffer::control);
        assertThrows(IllegalStateException.class, buffer::used);
        assertThrows(IllegalStateException.class, buffer::sketch);
        assertTrue(buffer.toString().contains(hex(buffer.address())));
    }

    @Test
    void dump_afterTheEnd_showsTheExitRecordInItsLastRow() throws Exception {
        try (NativeThread thread = NativeThread.builder().pool(StackPool.bounded(0)).start(function("identity"),
                0x6f)) {
            thread.join();
            String dump = thread.stack().dump(4096);
            String last = dump.lines().reduce((first, second) -> second).orElseThrow();
            assertEquals(String.format("%012x 6f 00 00 00 00 00 00 00  00 00 00 00 ef be ad de |o...............|",
                    thread.handle() - 8), last);
            assertEquals(thread.stack().dump(), thread.stack().dump(thread.stack().used()));
            assertEquals("", thread.stack().dump(0));
            assertTrue(thread.stack().dump(Long.MAX_VALUE).startsWith(
                    String.format("%012x", thread.stack().stack().address())));
            assertThrows(IllegalArgumentException.class, () -> thread.stack().dump(-1));
        }
    }

    @Test
    void usableBytes_is_theStackWithoutTheExitRecord() throws Exception {
        try (NativeThread thread = NativeThread.builder().stackSize(64 << 10).start(function("identity"), 1)) {
            thread.join();
            assertEquals((64 << 10) - 16, thread.stack().usableBytes());
        }
    }
}
