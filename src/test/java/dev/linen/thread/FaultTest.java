package dev.linen.thread;

import static dev.linen.testing.Faults.CLOSED_BYTES;
import static dev.linen.testing.Faults.closedMapping;
import static dev.linen.testing.Faults.fault;
import static dev.linen.testing.Faults.faulty;
import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.Linen;
import dev.linen.function.CSource;
import dev.linen.function.MachineCode;
import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackPages;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Faults;
import dev.linen.testing.Guards;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;
import dev.linen.testing.Tasks;
import dev.linen.thread.NativeThread.State;

/** A fault on a native thread becomes an exception that describes it. */
@NoLeaks
class FaultTest {

    private static final long KIB = 1024;

    static Stream<Arguments> faults() {
        long wild = 0x1234_5678_9ABC_DEF0L;
        String ofWild = Code.wildFault();
        long reported = Code.reported(wild);
        Stream<Arguments> onlyOnX86 = Stream.of(
                Arguments.of("divide_by", 0L, "SIGFPE FPE_INTDIV", -1L, FaultCause.DIVIDE)); // elsewhere it gives 0
        Stream<Arguments> all = Stream.of(
                // function, argument, signal, code, address, cause
                Arguments.of("write_byte", 0L, "SIGSEGV SEGV_MAPERR", 0L, FaultCause.NULL_POINTER),
                Arguments.of("write_byte", 24L, "SIGSEGV SEGV_MAPERR", 24L, FaultCause.NULL_POINTER),
                Arguments.of("read_byte", 8L, "SIGSEGV SEGV_MAPERR", 8L, FaultCause.NULL_POINTER),
                Arguments.of("write_byte", 0x10_0000L, "SIGSEGV SEGV_MAPERR", 0x10_0000L, FaultCause.UNMAPPED),
                Arguments.of("write_byte", wild, ofWild, reported, FaultCause.UNMAPPED),
                Arguments.of("illegal", 0L, Code.illegalFault(), -1L, FaultCause.ILLEGAL_INSTRUCTION),
                Arguments.of("halt", 0L, Code.isX86() ? "SIGSEGV SI_KERNEL" : "SIGILL ILL_ILLOPC",
                        Code.isX86() ? 0L : -1L, FaultCause.ILLEGAL_INSTRUCTION),
                Arguments.of("breakpoint", 0L, Code.breakpointFault(), Code.isX86() ? 0L : -1L, FaultCause.TRAP),
                Arguments.of("jump_to", 0L, "SIGSEGV SEGV_MAPERR", 0L, FaultCause.NULL_POINTER),
                Arguments.of("jump_to", wild, ofWild, reported, FaultCause.UNMAPPED),
                Arguments.of("return_to", wild, ofWild, reported, FaultCause.UNMAPPED),
                Arguments.of("follow_thread_local_pointer", 0L, ofWild, Code.isX86() ? 0L : -1L, FaultCause.LIBC_TLS));
        return Code.isX86() ? Stream.concat(all, onlyOnX86) : all;
    }

    @ParameterizedTest
    @MethodSource("faults")
    void join_functionFaulted_saysWhatAndWhere(String function, long argument, String signalAndCode, long address,
            FaultCause cause) {
        ThreadFault fault = fault(function, argument);
        assertEquals(signalAndCode, fault.signal() + " " + fault.code(), fault::report);
        assertEquals(cause, fault.cause(), fault::report);
        if (address >= 0) {
            assertEquals(address, fault.address(), fault::report);
        }
        // x86-64 faults in the return to no address; aarch64 and qemu after it, when nothing tells where it was.
        boolean faultsInReturn = Code.isX86() && !Boolean.getBoolean("dev.linen.qemu");
        if (faultsInReturn || !function.equals("return_to")) {
            CodeLocation inFunction = fault.backtrace().stream()
                    .filter(frame -> frame.function().startsWith(function + "+0x"))
                    .findFirst().orElseThrow(() -> new AssertionError(fault.report()));
            assertEquals("faults.so", inFunction.file());
        }
        assertEquals(fault.location(), fault.backtrace().getFirst());
        assertEquals(fault.registers().get(Code.programCounter()), fault.location().address());
        if (!function.equals("return_to")) { // return_to has overwritten its return address
            assertTrue(fault.backtrace().getLast().toString().matches("linen_child\\+0x[0-9a-f]+ \\(liblinen.so\\)"),
                    fault::report);
        }
    }

    /** The kernel describes the last page fault even then. */
    @Test
    void registers_breakpointAfterAFaultOfTheCreator_describeNoPageFault() throws Exception {
        Faults.faultInJava();
        Map<String, Long> registers = fault("breakpoint", 0).registers();
        for (String each : Code.isX86() ? List.of("err", "cr2") : List.of("esr", "far")) {
            assertEquals(0, registers.get(each), each);
        }
    }

    @Test
    void join_illegalInstruction_hasItsBytesAndPlace() {
        ThreadFault fault = fault("illegal", 42);
        assertArrayEquals(Code.isX86() ? new byte[]{0x0F, 0x0B} : new byte[2],
                List.of(fault.instructionBytes()).getFirst().length >= 2
                        ? new byte[]{fault.instructionBytes()[0], fault.instructionBytes()[1]}
                        : fault.instructionBytes());
        assertTrue(fault.location().function().startsWith("illegal+0x"), fault::report);
        assertEquals(42, fault.registers().get(Code.argument()));
        assertEquals(fault.location().address(), fault.address());
    }

    @Test
    void join_faultInStaticFunction_hasTheChainOfCalls() {
        ThreadFault fault = fault("a", 0);
        List<String> names = fault.backtrace().stream().map(frame -> frame.function().replaceAll("\\+.*", "")).toList();
        assertEquals(List.of("c", "b", "a"), names.subList(0, 3), fault::report);
    }

    @Test
    void join_misalignedVector_saysSo() {
        try (Mapping mapping = Mapping.anonymous(4096)) {
            ThreadFault fault = fault("store_aligned", mapping.address() + 8);
            assertEquals(FaultCause.MISALIGNED, fault.cause(), fault::report);
            assertTrue(fault.explanation().startsWith("0x" + Long.toHexString(mapping.address() + 8)), fault::report);
        }
    }

    @Test
    void join_writeToReadOnlyMapping_isProtected() {
        try (Mapping mapping = Mapping.anonymous(4096)) {
            mapping.protect(Protection.READ);
            ThreadFault fault = fault("write_byte", mapping.address() + 5);
            assertEquals("SIGSEGV SEGV_ACCERR", fault.signal() + " " + fault.code());
            assertEquals(mapping.address() + 5, fault.address());
            assertEquals(FaultCause.PROTECTED, fault.cause());
            assertTrue(fault.explanation().endsWith("can't be written (PROT_READ)"), fault.explanation());
        }
    }

    @Test
    void join_jumpToData_saysSo() {
        try (Mapping mapping = Mapping.anonymous(4096)) {
            mapping.segment().set(JAVA_INT, 0, 1);
            ThreadFault fault = fault("jump_to", mapping.address());
            assertEquals(FaultCause.PROTECTED, fault.cause());
            assertTrue(fault.explanation().startsWith("a jump to data"), fault.explanation());
            assertTrue(fault.backtrace().get(1).function().startsWith("jump_to+"), fault::report);
        }
    }

    @Test
    void join_memoryBehindTheFilesEnd_isBus(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("short"), new byte[(int) Mapping.pageSize()]);
        try (Mapping mapping = Mapping.file(file)) {
            Files.write(file, new byte[0]);
            ThreadFault fault = fault("read_byte", mapping.address());
            assertEquals("SIGBUS BUS_ADRERR", fault.signal() + " " + fault.code());
            assertEquals(mapping.address(), fault.address());
            assertEquals(FaultCause.BUS, fault.cause());
        }
    }

    @Test
    void join_closedMapping_isNamed() {
        long address = closedMapping() + 4097;
        ThreadFault fault = fault("write_byte", address);
        assertEquals(FaultCause.UNMAPPED, fault.cause());
        assertEquals("a Mapping is closed: 0x" + Long.toHexString(address) + " was byte 4097 of its "
                + CLOSED_BYTES + ", which was written", fault.explanation());
    }

    @Test
    void join_argumentsArenaClosed_isNamed() throws Exception {
        Arena arena = Arena.ofShared();
        MemorySegment argument = arena.allocate(64 << 20, 4096); // so large that malloc maps it, and free unmaps it
        CSource wait = CSource.compile("""
                void *wait_and_write(volatile int *word) {
                    while (*word == 0) ;
                    return 0;
                }
                """);
        try (NativeThread thread = NativeThread.start(wait.function("wait_and_write"), argument)) {
            arena.close();
            ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
            assertEquals(FaultCause.UNMAPPED, fault.cause(), fault::report);
            assertTrue(fault.explanation().startsWith("the arena of the memory that the thread was given is closed"),
                    fault::report);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {64 * KIB, 2048 * KIB})
    void join_stackOverflow_saysSo(long stackBytes) {
        NativeThreadBuilder builder = NativeThread.builder().stackSize(stackBytes).pool(StackPool.bounded(0));
        for (String function : List.of("overflow_by_recursion", "overflow_by_bytes", "overflow_by_frame")) {
            ThreadFault fault = fault(builder, faulty(function), stackBytes);
            assertEquals(Guards.fault(), fault.signal() + " " + fault.code(), fault::report);
            assertEquals(FaultCause.STACK_OVERFLOW, fault.cause(), fault::report);
            assertEquals(stackBytes, fault.stackSize());
            assertEquals(function.equals("overflow_by_frame") ? Mapping.pageSize() : stackBytes, fault.stackUsed(),
                    fault::report);
        }
        ThreadFault recursion = fault(builder, faulty("overflow_by_recursion"), 0);
        assertEquals(128, recursion.backtrace().size());
        assertTrue(recursion.backtrace().stream().allMatch(frame -> frame.function().startsWith("recurse")),
                recursion::report);
    }

    @ParameterizedTest
    @ValueSource(longs = {72, 144, 4224})
    void join_libcsThreadLocalStorage_saysSo(long distance) {
        ThreadFault fault = fault("read_thread_locals", distance);
        assertEquals(FaultCause.LIBC_TLS, fault.cause(), fault::report);
        assertTrue(fault.explanation().contains("run it as Kind.POSIX"), fault.explanation());
    }

    @ParameterizedTest
    @ValueSource(longs = {16, 776, 4060})
    void join_libcsRecordOfTheThread_canNotBeWritten(long distance) {
        ThreadFault fault = fault("write_thread_record", distance);
        assertEquals(FaultCause.LIBC_TLS, fault.cause(), fault::report);
        assertEquals("SIGSEGV SEGV_ACCERR", fault.signal() + " " + fault.code());
    }

    @Test
    void join_functionSetAnotherSignalStack_saysWhatAndWhere() {
        ThreadFault fault = fault("fault_on_own_signal_stack", 24);
        assertEquals(24, fault.address(), fault::report);
        assertEquals(FaultCause.NULL_POINTER, fault.cause(), fault::report);
    }

    /**
     * The signal stack is an address in another thread's stack: the handler must not take the faulting thread for that
     * one.
     */
    @Test
    void join_signalStackOnAnotherThreadsStack_saysWhatAndTheOtherThreadRunsOn() throws Exception {
        NativeThreadBuilder neighbours = NativeThread.builder().pool(StackPool.bounded(0));
        try (NativeThread other = neighbours.start(function("identity"), 42);
                NativeThread thread = neighbours.start(faulty("fault_on_given_signal_stack"), bottom(other))) {
            ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
            assertEquals(FaultCause.ILLEGAL_INSTRUCTION, fault.cause(), fault::report);
            assertEquals(42, other.join());
        }
    }

    private static long bottom(NativeThread thread) {
        return thread.stack().address() + thread.stack().byteSize() - thread.stack().stackSize();
    }

    /** A thread that has protected a page of its stack: the report mustn't read it. */
    static final class OwnStackProtected {
        public static void main(String... arguments) {
            CSource c = CSource.compile("""
                    #include <stdint.h>
                    #include <sys/mman.h>
                    void *protect_and_fault(void *page) {
                        uintptr_t size = (uintptr_t)page;
                        char frame[2 << 16];
                        uintptr_t inside = ((uintptr_t)frame + size - 1) & -size;
                        if (mprotect((void *)inside, size, PROT_NONE) < 0)
                            return 0;
                        return *(void *volatile *)8;
                    }
                    """);
            ThreadFault fault = fault(NativeThread.builder().pool(StackPool.bounded(0)),
                    c.function("protect_and_fault"), Mapping.pageSize());
            System.out.print(fault.cause() + " " + fault.backtrace().getFirst().function().replaceAll("\\+.*", ""));
        }
    }

    @Test
    void join_partOfTheStackCantBeRead_saysWhat() {
        ChildJvm.Result result = ChildJvm.of(OwnStackProtected.class).run();
        assertEquals("null-pointer protect_and_fault", result.out(), result::toString);
    }

    /** The signal stack is where another thread's would be if the slab were larger. */
    static final class AboveTheSlab {
        public static void main(String... arguments) {
            NativeThreadBuilder builder = NativeThread.builder().pool(StackPool.bounded(0));
            try (NativeThread other = builder.start(function("identity"), 42)) {
                long flags = MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).bits() | Kernel.MAP_FIXED_NOREPLACE;
                long above = linen_control.signal_stack(other.stack().control());
                do {
                    above += other.stack().byteSize();
                } while (above != Syscall.invoke(SyscallNumber.MMAP, above, 16 * KIB, Protection.READ_WRITE.bits(),
                        flags, -1, 0));
                System.out.print(fault(builder, faulty("fault_on_given_signal_stack"), above).cause());
            }
        }
    }

    @Test
    void join_signalStackWholeBuffersAboveTheSlab_saysWhat() {
        ChildJvm.Result result = ChildJvm.of(AboveTheSlab.class).run();
        assertEquals("illegal-instruction", result.out(), result::toString);
    }

    @Test
    void join_functionSetAnotherSignalStackAndOverwroteItsTid_saysWhat() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment futex = arena.allocate(JAVA_LONG);
            try (NativeThread thread = NativeThread.start(faulty("fault_in_disguise"), futex)) {
                futex.set(JAVA_LONG, 0, thread.handle());
                ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
                assertEquals(FaultCause.ILLEGAL_INSTRUCTION, fault.cause(), fault::report);
            }
        }
    }

    /** The handler searches for its thread's tid, and must not read a stack that another thread has protected. */
    static final class UnreadableNeighbour {
        public static void main(String... arguments) throws Exception {
            NativeThreadBuilder builder = NativeThread.builder().pool(StackPool.bounded(0));
            try (Arena arena = Arena.ofShared()) {
                MemorySegment word = arena.allocate(JAVA_INT);
                try (NativeThread other = builder.start(function("wait_for_word"), word)) {
                    Sleepers.awaitAsleepIn(other.tid(), SyscallNumber.FUTEX);
                    protectTopOf(other, Protection.NONE);
                    FaultCause cause = fault(builder, faulty("fault_on_own_signal_stack"), 24).cause();
                    protectTopOf(other, Protection.READ_WRITE);
                    Futex futex = Futex.ofShared(word);
                    futex.set(1);
                    futex.wakeAll();
                    System.out.print(cause);
                }
            }
        }

        private static void protectTopOf(NativeThread thread, Protection protection) {
            long page = thread.stack().address() + thread.stack().byteSize() - Mapping.pageSize();
            Syscall.invoke(SyscallNumber.MPROTECT, page, Mapping.pageSize(), protection.bits());
        }
    }

    @Test
    void join_functionSetAnotherSignalStackBesideAnUnreadableOne_saysWhat() {
        ChildJvm.Result result = ChildJvm.of(UnreadableNeighbour.class).run();
        assertEquals("null-pointer", result.out(), result::toString);
    }

    /** The frame is larger than the guard and the signal stack together. */
    @Test
    void join_frameJumpedOverTheSignalStack_isAStackOverflow() {
        StackGeometry geometry = new StackGeometry(64 * KIB, StackGeometry.DEFAULT_GUARD_BYTES, StackPages.USUAL);
        long added = 20 * KIB; // what the function adds
        NativeThreadBuilder builder = NativeThread.builder().stackSize(geometry.stackBytes())
                .pool(StackPool.bounded(0));
        ThreadFault fault = fault(builder, faulty("overflow_by_frame"), geometry.stackBytes() + geometry.guardBytes()
                + geometry.signalStackBytes() - added + 4 * KIB);
        assertEquals(FaultCause.STACK_OVERFLOW, fault.cause(), fault::report);
    }

    @Test
    void kill_functionSetAnotherSignalStack_ends() {
        Skip.unlessKillWorks();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment started = arena.allocate(JAVA_INT);
            try (NativeThread thread = NativeThread.start(faulty("loop_on_own_signal_stack"), started)) {
                while (started.get(JAVA_INT, 0) == 0) {
                    Thread.onSpinWait();
                }
                thread.kill();
                assertThrows(NativeThreadKilledException.class, thread::join);
            }
        }
    }

    /** This holds also for the topmost stack, above which no stack is in use yet. */
    @Test
    void join_arrayOverrunUpwards_endsAtTheGuardAbove() {
        NativeThreadBuilder newest = NativeThread.builder().stackSize(777 * KIB);
        try (NativeThread thread = newest.start(faulty("overrun"), 4 * KIB)) {
            Tasks.awaitGone(thread.tid()); // not the futex, which the function overwrites before it faults
            ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
            assertEquals(thread.stack().address() + thread.stack().byteSize(), fault.address(), fault::report);
            assertTrue(fault.explanation().contains("guard above the stack"), fault::report);
        }
    }

    /** The functions overwrite their tids, so the handler must tell the threads apart by their signal stacks. */
    @Test
    void join_arraysOverrunByNeighbours_eachSaysSo() {
        NativeThreadBuilder neighbours = NativeThread.builder().pool(StackPool.bounded(0));
        List<NativeThread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            threads.add(neighbours.start(faulty("overrun"), 4 * KIB));
            Tasks.awaitGone(threads.getLast().tid());
        }
        for (NativeThread thread : threads) {
            ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
            assertEquals(thread.stack().address() + thread.stack().byteSize(), fault.address(), fault::report);
            thread.close();
        }
    }

    @Test
    void join_malloc_needsLibc() {
        NativeFunction malloc = NativeFunction.ofSymbol(Linker.nativeLinker().defaultLookup(), "malloc");
        ThreadFault fault = fault(NativeThread.builder(), malloc, 100);
        assertEquals(FaultCause.LIBC_TLS, fault.cause(), fault::report);
        assertTrue(fault.location().file().matches("libc[.-].*") || fault.location().file().startsWith("ld-"),
                fault::report);
    }

    @Test
    void join_machineCode_isNamed() {
        MachineCode code = MachineCode.of(Code.nopThenWrite());
        ThreadFault fault = fault(NativeThread.builder(), code.function(), 0);
        assertEquals("MachineCode+0x" + Code.nop().length, fault.location().function());
        assertEquals(FaultCause.NULL_POINTER, fault.cause());
        assertTrue(fault.backtrace().size() >= 2, fault::report);
    }

    @Test
    void join_cSource_isNamedByItsFunction() {
        CSource c = CSource.compile("static void deep(int *p) { *p = 1; }\nvoid *top(void *p) { deep(p); return p; }");
        ThreadFault fault = fault(NativeThread.builder(), c.function("top"), 0);
        assertTrue(fault.location().function().startsWith("top+0x"), fault::report);
    }

    @Test
    void everyWait_faultedThread_throws() throws Exception {
        try (NativeThread thread = NativeThread.start(faulty("write_byte"), 0)) {
            ExecutionException failed = assertThrows(ExecutionException.class,
                    () -> thread.onExit().get(5, TimeUnit.MINUTES));
            NativeFaultException ofFuture = assertInstanceOf(NativeFaultException.class, failed.getCause());
            NativeFaultException joined = assertThrows(NativeFaultException.class, thread::join);
            assertSame(ofFuture.fault(), joined.fault());
            assertNotSame(ofFuture, joined);
            assertSame(joined.fault(), assertThrows(NativeFaultException.class, thread::tryJoin).fault());
            assertSame(joined.fault(),
                    assertThrows(NativeFaultException.class, () -> thread.join(Duration.ofSeconds(1))).fault());
            assertSame(thread, NativeThread.joinAny(List.of(thread)));
            assertEquals(State.ENDED, thread.state());
            assertEquals(joined.fault().toString(), joined.getMessage());
            assertEquals(thread.tid(), joined.fault().tid());
        }
    }

    @Test
    void onExit_askedWhileItRuns_fails() throws Exception {
        for (int i = 0; i < 100; i++) {
            try (NativeThread thread = NativeThread.start(faulty("overflow_by_recursion"), 0)) {
                assertInstanceOf(NativeFaultException.class, assertThrows(ExecutionException.class,
                        () -> thread.onExit().get(5, TimeUnit.MINUTES)).getCause());
            }
        }
    }

    @Test
    void join_onVirtualThread_throws() throws Exception {
        try (NativeThread thread = NativeThread.start(faulty("overflow_by_recursion"), 0)) {
            Thread virtual = Thread.ofVirtual().start(() -> assertThrows(NativeFaultException.class, thread::join));
            assertTrue(virtual.join(Duration.ofMinutes(5)));
        }
    }

    @Test
    void threadJoin_ofFaulty_throwsAndFrees() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(8);
            assertEquals(0, Linen.threadCreate(handle, faulty("write_byte").address(), MemorySegment.NULL));
            MemorySegment thread = handle.get(java.lang.foreign.ValueLayout.ADDRESS, 0);
            NativeFaultException thrown = assertThrows(NativeFaultException.class,
                    () -> Linen.threadJoin(thread, MemorySegment.NULL));
            assertEquals(FaultCause.NULL_POINTER, thrown.fault().cause());
            assertTrue(Linen.threadJoin(thread, MemorySegment.NULL) < 0);
        }
    }

    @Test
    void faultContainment_afterAThread_isOn() throws Exception {
        try (NativeThread thread = NativeThread.start(faulty("read_file"), -1)) {
            thread.join();
            assertEquals(FaultContainment.ON, Linen.faultContainment());
        }
    }

    @Test
    void fault_afterClose_isStillReadable() {
        ThreadFault fault = fault("write_byte", 0);
        String line = fault.toString();
        assertTrue(line
                .matches("native thread \\d+: SIGSEGV, address not mapped, at write_byte\\+0x[0-9a-f]+ \\(faults.so\\):"
                        + " NULL was written"),
                line);
        String page = fault.report();
        for (String part : List.of("which ran write_byte, ended by a fault", "SIGSEGV (11), SEGV_MAPERR",
                "null-pointer: NULL was written",
                "registers", Code.argument() + " ", Code.programCounter() + " ", "backtrace", "#0 ", "bytes ")) {
            assertTrue(page.contains(part), page);
        }
        System.out.println(page);
    }

    @Test
    void joinAny_oneFaults_returnsThatOne() throws Exception {
        Skip.unlessKillWorks();
        try (NativeThread running = NativeThread.start(faulty("loop"), 0);
                NativeThread faulting = NativeThread.start(faulty("overflow_by_recursion"), 0)) {
            assertSame(faulting, NativeThread.joinAny(List.of(running, faulting)));
            running.kill();
        }
    }
}
