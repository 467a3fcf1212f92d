package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Garbage;
import dev.linen.testing.Joining;
import dev.linen.testing.OwnMemory;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;
import dev.linen.testing.Tasks;
import dev.linen.testing.TestFunctions;

@NoLeaks
class NativeThreadTest {

    private final Arena arena = Arena.ofShared();

    /** The argument of wait_for_word, which waits until this word changes. */
    private final MemorySegment word = arena.allocate(2 * Long.BYTES, Long.BYTES);

    @AfterEach
    void freeWord() {
        arena.close();
    }

    private NativeThread startWaiting() {
        return NativeThread.start(function("wait_for_word"), word);
    }

    private void release() {
        Futex futex = Futex.ofShared(word);
        futex.set(1);
        futex.wakeAll();
    }

    // join

    @Test
    void join_functionReturned_givesItsResult() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), -42)) {
            assertEquals(-42, thread.join());
        }
    }

    @Test
    void join_again_givesTheResultAgain() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 1)) {
            thread.join();
            assertEquals(1, thread.join());
            assertEquals(OptionalLong.of(1), thread.tryJoin());
            assertEquals(OptionalLong.of(1), thread.join(Duration.ZERO));
        }
    }

    @Test
    void join_null_isTheFunctionsArgument() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), MemorySegment.NULL)) {
            assertEquals(0, thread.join());
        }
    }

    @Test
    void join_withTimeoutWhileRunning_isEmpty() throws Exception {
        try (NativeThread thread = startWaiting()) {
            assertEquals(OptionalLong.empty(), thread.join(Duration.ofMillis(5)));
            assertEquals(OptionalLong.empty(), thread.join(Duration.ZERO));
            assertEquals(OptionalLong.empty(), thread.join(Duration.ofSeconds(-5)));
            assertEquals(OptionalLong.empty(), thread.tryJoin());
            release();
            assertEquals(OptionalLong.of(1), thread.join(Duration.ofMinutes(5)));
        }
    }

    @Test
    void join_withTheLongestTimeout_waits() throws Exception {
        try (NativeThread thread = startWaiting()) {
            CompletableFuture<OptionalLong> join = CompletableFuture
                    .supplyAsync(() -> Joining.join(thread, Duration.ofSeconds(Long.MAX_VALUE)));
            release();
            assertEquals(OptionalLong.of(1), join.join());
        }
    }

    @Test
    void join_signalHandlersRunOnTheJoiner_goesOnWaiting() throws Exception {
        MemorySegment handled = TestFunctions.library("functions").find("signals_handled").orElseThrow()
                .reinterpret(Long.BYTES);
        try (NativeThread thread = NativeThread.start(function("count_signal"), Kernel.SIGWINCH)) {
            assertEquals(0, thread.join());
        }
        try (NativeThread thread = startWaiting()) {
            CompletableFuture<Long> joinerTid = new CompletableFuture<>();
            CompletableFuture<OptionalLong> join = CompletableFuture.supplyAsync(() -> {
                joinerTid.complete(Syscall.invoke(SyscallNumber.GETTID));
                return Joining.join(thread, Duration.ofMinutes(5));
            });
            long pid = ProcessHandle.current().pid();
            for (int i = 0; i < 100; i++) {
                long before = handled.get(JAVA_LONG, 0);
                Syscall.invoke(SyscallNumber.TGKILL, pid, joinerTid.get(), Kernel.SIGWINCH);
                while ((long) JAVA_LONG.varHandle().getVolatile(handled, 0L) == before) {
                    Thread.onSpinWait();
                }
            }
            assertFalse(join.isDone());
            release();
            assertEquals(OptionalLong.of(1), join.get(5, TimeUnit.MINUTES));
        }
    }

    @Test
    void join_wokenBySomebodyElse_goesOnWaiting() throws Exception {
        try (NativeThread thread = startWaiting()) {
            CompletableFuture<Long> join = CompletableFuture.supplyAsync(() -> Joining.join(thread));
            Futex end = Futex.ofShared(MemorySegment.ofAddress(thread.handle()).reinterpret(Integer.BYTES));
            for (int i = 0; i < 20_000; i++) { // some of these while the joiner sleeps on the futex, before it parks
                end.wake(1);
                assertFalse(join.isDone());
            }
            release();
            assertEquals(1, join.get(5, TimeUnit.MINUTES));
        }
    }

    @Test
    void join_aNativeFunctionWaitsOnTheHandleToo_bothReturn() throws Exception {
        for (int round = 0; round < 3; round++) {
            word.set(JAVA_INT, 0, 0);
            try (NativeThread thread = startWaiting();
                    // gets the kernel's only wake, because it waits first
                    NativeThread other = NativeThread.start(function("wait_for_end"), thread.handle())) {
                CompletableFuture<Long> join = CompletableFuture.supplyAsync(() -> Joining.join(thread));
                assertEquals(OptionalLong.empty(), thread.join(Duration.ofMillis(20)));
                release();
                assertEquals(1, join.get(5, TimeUnit.MINUTES));
                assertEquals(0, other.join());
            }
        }
    }

    @Test
    void close_segmentInANativeCall_isRefusedAndCanBeRepeated() throws Exception {
        NativeThread thread = NativeThread.start(function("identity"), 5);
        thread.join();
        try (Arena call = Arena.ofShared()) {
            MemorySegment held = call.allocate(JAVA_INT);
            var wait = Linker.nativeLinker().downcallHandle(function("spin_with").address(),
                    FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS));
            CompletableFuture<Void> nativeCall = CompletableFuture.runAsync(() -> {
                try {
                    assertEquals(2, (long) wait.invokeExact(held, thread.stack().stack()));
                } catch (Throwable t) {
                    throw new AssertionError(t);
                }
            });
            while ((int) JAVA_INT.varHandle().getVolatile(held, 0L) == 0) { // until the call has begun
                Thread.onSpinWait();
            }
            assertThrows(IllegalStateException.class, thread::close);
            assertEquals(5, thread.join());
            JAVA_INT.varHandle().setVolatile(held, 0L, 2);
            nativeCall.get(5, TimeUnit.MINUTES);
            thread.close();
            assertEquals(NativeThread.State.CLOSED, thread.state());
        }
    }

    @Test
    void join_afterClose_isRefused() throws Exception {
        NativeThread thread = NativeThread.start(function("identity"), 1);
        thread.close();
        IllegalStateException refused = assertThrows(IllegalStateException.class, thread::join);
        assertTrue(refused.getMessage().contains("closed"), refused::getMessage);
        assertThrows(IllegalStateException.class, thread::tryJoin);
        assertThrows(IllegalStateException.class, () -> thread.join(Duration.ZERO));
    }

    @Test
    void join_creatorEndedLongAgo_givesTheResult() throws Exception {
        CompletableFuture<NativeThread> started = new CompletableFuture<>();
        CompletableFuture<Integer> creator = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            creator.complete((int) Sleepers.tid());
            started.complete(startWaiting());
        }).join();
        try (NativeThread thread = started.get()) {
            Tasks.awaitGone(creator.get()); // its task no longer exists in the kernel, either
            System.gc();
            assertEquals(NativeThread.State.RUNNING, thread.state());
            release();
            assertEquals(1, thread.join());
        }
    }

    // state, tid

    @Test
    void state_fromStartToClose_movesOn() throws Exception {
        NativeThread thread = startWaiting();
        assertEquals(NativeThread.State.RUNNING, thread.state());
        release();
        thread.join();
        assertEquals(NativeThread.State.ENDED, thread.state());
        thread.close();
        assertEquals(NativeThread.State.CLOSED, thread.state());
        assertTrue(thread.toString().contains("wait_for_word, CLOSED"), thread::toString);
    }

    @Test
    void tid_whileRunning_isTheKernels() throws Exception {
        MemorySegment call = arena.allocate(JAVA_LONG, 7);
        call.setAtIndex(JAVA_LONG, 0, SyscallNumber.GETTID);
        try (NativeThread thread = NativeThread.start(function("system_call"), call)) {
            assertEquals(thread.tid(), thread.join());
        }
        try (NativeThread thread = startWaiting()) {
            assertTrue(Tasks.isThere(thread.tid()));
            release();
        }
    }

    // close

    @Test
    void close_twice_doesNothing() {
        NativeThread thread = NativeThread.start(function("identity"), 1);
        thread.close();
        thread.close();
        assertEquals(NativeThread.State.CLOSED, thread.state());
    }

    @Test
    void close_whileRunning_waitsForTheEnd() throws Exception {
        NativeThread thread = startWaiting();
        CompletableFuture<Void> close = CompletableFuture.runAsync(thread::close);
        assertEquals(OptionalLong.empty(), thread.join(Duration.ofMillis(5)));
        assertFalse(close.isDone());
        release();
        close.join();
        assertEquals(NativeThread.State.CLOSED, thread.state());
    }

    @Test
    void detach_whileRunning_letsItRunOn() throws Exception {
        NativeThread thread = startWaiting();
        thread.detach();
        assertEquals(NativeThread.State.DETACHED, thread.state());
        assertTrue(Tasks.isThere(thread.tid()));
        release();
        Tasks.awaitGone(thread.tid());
    }

    @Test
    void detach_twice_isRefused() {
        NativeThread thread = NativeThread.start(function("identity"), 1);
        thread.detach();
        IllegalStateException refused = assertThrows(IllegalStateException.class, thread::detach);
        assertTrue(refused.getMessage().contains("detached"), refused::getMessage);
    }

    @Test
    void detach_afterClose_isRefused() {
        NativeThread thread = NativeThread.start(function("identity"), 1);
        thread.close();
        IllegalStateException refused = assertThrows(IllegalStateException.class, thread::detach);
        assertTrue(refused.getMessage().contains("closed"), refused::getMessage);
    }

    @Test
    void anyCall_afterDetach_isRefused() throws Exception {
        NativeThread thread = NativeThread.start(function("identity"), 1);
        StackBuffer stack = thread.stack();
        thread.detach();
        for (Executable call : List.<Executable>of(thread::join, thread::tryJoin, () -> thread.join(Duration.ZERO),
                stack::stack, stack::sketch)) {
            IllegalStateException refused = assertThrows(IllegalStateException.class, call);
            assertTrue(refused.getMessage().contains("detached"), refused::getMessage);
        }
        thread.close(); // as at the end of a try-with-resources: no effect
        assertEquals(NativeThread.State.DETACHED, thread.state());
    }

    @Test
    void detach_whileOthersJoin_letsThemHaveTheResult() throws Exception {
        NativeThread thread = startWaiting();
        CompletableFuture<Long> joinerTid = new CompletableFuture<>();
        CompletableFuture<Long> join = CompletableFuture.supplyAsync(() -> {
            joinerTid.complete(Syscall.invoke(SyscallNumber.GETTID));
            return Joining.join(thread);
        });
        Sleepers.awaitAsleepIn(joinerTid.get(), SyscallNumber.FUTEX);
        thread.detach();
        release();
        assertEquals(1, join.get(5, TimeUnit.MINUTES));
    }

    @Test
    void forgotten_whileRunning_isDetachedByTheCollector() throws Exception {
        List<Integer> tids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            tids.add(startWaiting().tid());
        }
        release();
        tids.forEach(Tasks::awaitGone);
        // Their stacks return to the pool, and new threads use them.
        long mostMappings = MemoryMap.read().regions().size() + 100L;
        for (int i = 0; i < 20; i++) {
            System.gc();
            NativeThread.start(function("identity"), i).join();
        }
        assertTrue(MemoryMap.read().regions().size() < mostMappings);
    }

    @Test
    void close_whileOthersJoin_neverTouchesFreedMemory() throws Exception {
        for (int round = 0; round < 300; round++) {
            NativeThread thread = NativeThread.start(function("count"), round);
            CountDownLatch together = new CountDownLatch(3);
            Runnable joiner = () -> {
                together.countDown();
                try {
                    Joining.join(thread);
                } catch (IllegalStateException closedBefore) {
                    assertEquals(NativeThread.State.CLOSED, thread.state());
                }
            };
            CompletableFuture<Void> first = CompletableFuture.runAsync(joiner);
            CompletableFuture<Void> second = CompletableFuture.runAsync(joiner);
            together.countDown();
            thread.close();
            first.get(5, TimeUnit.MINUTES);
            second.get(5, TimeUnit.MINUTES);
            assertEquals(NativeThread.State.CLOSED, thread.state());
        }
    }

    // the JVM's pauses

    @Test
    void run_whileTheCollectorRuns_isNotStopped() throws Exception {
        try (NativeThread thread = NativeThread.start(function("spin_until_word"), word)) {
            for (int i = 0; i < 5; i++) {
                long before = word.get(JAVA_LONG, Long.BYTES);
                long after;
                do { // on a busy machine the thread may not have been scheduled meanwhile
                    System.gc();
                    after = (long) JAVA_LONG.varHandle().getVolatile(word, (long) Long.BYTES);
                } while (after == before);
            }
            assertEquals(NativeThread.State.RUNNING, thread.state());
            release();
        }
    }

    // builder

    @Test
    void stackSize_notPages_isRoundedUp() {
        try (NativeThread thread = NativeThread.builder().stackSize((16 << 10) + 1).start(function("identity"), 0)) {
            assertTrue(thread.stack().stackSize() >= (16 << 10) + Mapping.pageSize());
            assertEquals(0, thread.stack().stackSize() % Mapping.pageSize());
        }
    }

    @Test
    void stackSize_large_canBeUsed() throws Exception {
        long bytes = 64 << 20;
        StackPool none = StackPool.bounded(0); // the shared pool would keep it warm
        try (NativeThread thread = NativeThread.builder().stackSize(bytes).pool(none).start(function("use_stack"),
                bytes - (64 << 10))) {
            thread.join();
            assertTrue(thread.stack().used() > bytes - (128 << 10), () -> "used " + thread.stack().used());
        }
    }

    @Test
    void stackSize_impossible_isRefused() {
        NativeThreadBuilder builder = NativeThread.builder();
        for (long bytes : new long[]{Long.MIN_VALUE, -1, 0, 1, (16 << 10) - 1, (1L << 47) + 1, Long.MAX_VALUE}) {
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                    () -> builder.stackSize(bytes));
            assertTrue(refused.getMessage().contains("not " + bytes), refused::getMessage);
        }
    }

    @Test
    void guardSize_impossible_isRefused() {
        NativeThreadBuilder builder = NativeThread.builder();
        for (long bytes : new long[]{Long.MIN_VALUE, -4096, 0, 1, 4097, Long.MAX_VALUE}) {
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                    () -> builder.guardSize(bytes));
            assertTrue(refused.getMessage().contains("not " + bytes), refused::getMessage);
        }
    }

    @Test
    void guardSize_given_isInaccessible() {
        long bytes = 5 * Mapping.pageSize();
        try (NativeThread thread = NativeThread.builder().guardSize(bytes).start(function("identity"), 0)) {
            long stack = thread.stack().stack().address();
            long guard = thread.stack().guardSize(); // a reused stack may have a larger one
            assertTrue(guard >= bytes);
            assertTrue(OwnMemory.isReadable(stack));
            assertFalse(OwnMemory.isReadable(stack - 1));
            assertFalse(OwnMemory.isReadable(stack - guard));
            assertTrue(OwnMemory.isReadable(stack - guard - 1));
        }
    }

    // arenas that a thread owns

    @Test
    void start_withMemoryOfItsOwn_freesItAfterTheEnd() throws Exception {
        MemorySegment[] given = new MemorySegment[1];
        NativeThread thread = NativeThread.builder().start(function("wait_for_word"), memory -> {
            given[0] = memory.allocate(8, 8);
            return given[0];
        });
        Futex futex = Futex.ofShared(given[0]);
        futex.set(5);
        futex.wakeAll();
        assertEquals(5, thread.join());
        assertTrue(given[0].scope().isAlive());
        thread.close();
        assertFalse(given[0].scope().isAlive());
    }

    @Test
    void detach_memoryOfItsOwn_staysUntilTheEnd() {
        MemorySegment[] given = new MemorySegment[1];
        NativeThread thread = NativeThread.builder().start(function("wait_for_word"), memory -> {
            given[0] = memory.allocate(8, 8);
            return given[0];
        });
        thread.detach();
        for (int i = 0; i < 100; i++) {
            NativeThread.start(function("identity"), 0).close(); // the pool is used while the detached thread runs
        }
        assertTrue(given[0].scope().isAlive());
        Futex futex = Futex.ofShared(given[0]);
        futex.set(1);
        futex.wakeAll();
        while (given[0].scope().isAlive()) {
            NativeThread.start(function("identity"), 0).close();
        }
    }

    @Test
    void startOwning_sharedArena_closesItAfterTheEnd() throws Exception {
        Arena shared = Arena.ofShared();
        try (NativeThread thread = NativeThread.builder().startOwning(shared, function("identity"),
                shared.allocate(8))) {
            thread.join();
            assertTrue(shared.scope().isAlive());
        }
        assertFalse(shared.scope().isAlive());
    }

    @Test
    void startOwning_confinedArena_isRefused() {
        NativeThreadBuilder builder = NativeThread.builder();
        try (Arena confined = Arena.ofConfined()) {
            assertThrows(IllegalArgumentException.class,
                    () -> builder.startOwning(confined, function("identity"), MemorySegment.NULL));
        }
    }

    @Test
    void start_makingTheArgumentFails_freesTheMemory() {
        Arena[] given = new Arena[1];
        assertThrows(ArithmeticException.class, () -> NativeThread.builder().start(function("identity"), memory -> {
            given[0] = memory;
            throw new ArithmeticException();
        }));
        assertFalse(given[0].scope().isAlive());
    }

    // invalid arguments

    @Test
    void start_null_isRefused() {
        assertThrows(NullPointerException.class, () -> NativeThread.start(null, 0));
        assertThrows(NullPointerException.class, () -> NativeThread.start(function("identity"), null));
    }

    @Test
    void join_nullTimeout_isRefused() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 0)) {
            assertThrows(NullPointerException.class, () -> thread.join(null));
        }
    }

    @Test
    void start_argumentOnTheHeap_isRefused() {
        MemorySegment heap = MemorySegment.ofArray(new long[1]);
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> NativeThread.start(function("identity"), heap));
        assertTrue(refused.getMessage().contains("Java heap"), refused::getMessage);
    }

    @Test
    void start_argumentFreed_isRefused() {
        MemorySegment freed;
        try (Arena closed = Arena.ofConfined()) {
            freed = closed.allocate(8);
        }
        assertThrows(IllegalStateException.class, () -> NativeThread.start(function("identity"), freed));
    }

    @Test
    void start_manyAtOnce_eachHasItsOwnMemory() throws Exception {
        NativeThread[] threads = new NativeThread[100];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = startWaiting();
        }
        release();
        for (NativeThread thread : threads) {
            assertEquals(1, thread.join());
            assertEquals(thread.handle(), thread.stack().handle());
            thread.close();
        }
    }

    @Test
    void exitRecord_whileTheThreadRuns_canBeRead() throws Exception {
        try (NativeThread thread = startWaiting()) {
            assertEquals(thread.tid(), thread.stack().exit().get(JAVA_INT, 8));
            release();
            thread.join();
            assertEquals(0, thread.stack().exit().get(JAVA_INT, 8));
        }
    }

    @Test
    void join_noTimeLeftButEnded_givesTheResult() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 42)) {
            thread.join();
            assertEquals(OptionalLong.of(42), thread.join(Duration.ZERO));
            assertEquals(OptionalLong.of(42), thread.join(Duration.ofSeconds(-1)));
        }
    }

    @Test
    void detach_hasEnded_givesItsStackBack() throws Exception {
        StackPool pool = StackPool.bounded(1 << 20);
        NativeThread thread = NativeThread.builder().pool(pool).stackSize(1 << 20).start(function("identity"), 42);
        thread.join();
        assertEquals(0, pool.warmBytes());
        thread.detach();
        assertEquals(1 << 20, pool.warmBytes());
        pool.trim();
    }

    @Test
    void detach_viewOfTheStack_endsWithIt() throws Exception {
        NativeThread thread = NativeThread.start(function("identity"), 42);
        thread.join();
        MemorySegment exit = thread.stack().exit();
        assertEquals(42, exit.get(JAVA_LONG, 0));
        thread.detach();
        assertThrows(IllegalStateException.class, () -> exit.get(JAVA_LONG, 0));
    }

    @Test
    void forgotten_viewOfTheStack_endsWithIt() throws Exception {
        MemorySegment exit = exitOfForgotten();
        while (exit.scope().isAlive()) {
            Garbage.collect();
        }
        assertThrows(IllegalStateException.class, () -> exit.get(JAVA_LONG, 0));
    }

    private static MemorySegment exitOfForgotten() throws Exception {
        NativeThread thread = NativeThread.start(function("identity"), 42);
        thread.join();
        return thread.stack().exit();
    }

    @Test
    void startOwning_arenaCannotBeClosed_isIgnored() throws Exception {
        Arena arena = Arena.ofShared();
        try (NativeThread thread = NativeThread.builder().startOwning(arena, function("identity"),
                MemorySegment.NULL)) {
            thread.join();
            arena.close();
        }
        try (NativeThread thread = NativeThread.builder().startOwning(Arena.global(), function("identity"),
                MemorySegment.NULL)) {
            thread.join();
        }
        try (NativeThread thread = NativeThread.builder().startOwning(Arena.ofAuto(), function("identity"),
                MemorySegment.NULL)) {
            thread.join();
        }
    }

    @Test
    void stackProtectorsGuard_endsStrings() throws Exception {
        Skip.unless(Code.isX86(), "on aarch64, the protector is libc's global __stack_chk_guard");
        try (NativeThread thread = NativeThread.start(function("thread_local_qword"), 0x28)) {
            long guard = thread.join();
            assertEquals(0, guard & 0xFF);
            assertTrue(guard != 0);
        }
    }
}
