package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.stack.SlotPool;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackLease;
import dev.linen.internal.stack.StackPages;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.junit.NoLeaks;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Joining;
import dev.linen.testing.Sleepers;

/**
 * Ways to wait for the end of a thread other than sleeping on its futex: futures, virtual threads, interrupts, joinAny.
 */
@NoLeaks
class ExitTest {

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void free() {
        arena.close();
    }

    private MemorySegment newWord() {
        return arena.allocate(8, 8);
    }

    private static NativeThread startWaiting(MemorySegment word) {
        return NativeThread.start(function("wait_for_word"), word);
    }

    private static void release(MemorySegment word) {
        Futex futex = Futex.ofShared(word);
        futex.set(1);
        futex.wakeAll();
    }

    // onExit

    @Test
    void onExit_threadEnds_givesTheResult() throws Exception {
        MemorySegment word = newWord();
        try (NativeThread thread = startWaiting(word)) {
            CompletableFuture<Long> first = thread.onExit();
            CompletableFuture<Long> second = thread.onExit();
            assertFalse(first.isDone());
            release(word);
            assertEquals(1, first.get(5, TimeUnit.MINUTES));
            assertEquals(1, second.get(5, TimeUnit.MINUTES));
        }
    }

    @Test
    void onExit_threadHasEnded_givesTheResult() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 9)) {
            thread.join();
            assertEquals(9, thread.onExit().get(5, TimeUnit.MINUTES));
        }
    }

    @Test
    void onExit_atEveryMomentOfTheEnd_isNeverLost() throws Exception {
        for (int i = 0; i < 3_000; i++) {
            try (NativeThread thread = NativeThread.start(function("count"), i % 300)) {
                assertEquals(i % 300, thread.onExit().get(5, TimeUnit.MINUTES));
            }
        }
    }

    @Test
    void onExit_threadExitsByItself_isNoticed() throws Exception {
        try (NativeThread thread = NativeThread.start(function("exit_by_itself"), 0)) {
            assertEquals(0, thread.onExit().get(5, TimeUnit.MINUTES));
        }
    }

    @Test
    void onExit_dependentStageBlocks_otherFuturesComplete() throws Exception {
        MemorySegment firstWord = newWord();
        MemorySegment secondWord = newWord();
        CompletableFuture<Long> never = new CompletableFuture<>();
        try (NativeThread first = startWaiting(firstWord); NativeThread second = startWaiting(secondWord)) {
            first.onExit().thenRun(never::join);
            release(firstWord);
            release(secondWord);
            assertEquals(1, second.onExit().get(5, TimeUnit.MINUTES));
        } finally {
            never.complete(0L);
        }
    }

    @Test
    void onExit_completedByTheUser_doesNotAffectOtherFutures() throws Exception {
        MemorySegment word = newWord();
        try (NativeThread thread = startWaiting(word)) {
            thread.onExit().complete(-1L);
            release(word);
            assertEquals(1, thread.onExit().get(5, TimeUnit.MINUTES));
            assertEquals(1, thread.join());
        }
    }

    @Test
    void onExit_afterDetach_stillCompletes() throws Exception {
        MemorySegment word = newWord();
        NativeThread thread = startWaiting(word);
        CompletableFuture<Long> exit = thread.onExit();
        thread.detach();
        release(word);
        assertEquals(1, exit.get(5, TimeUnit.MINUTES));
        assertThrows(IllegalStateException.class, thread::onExit);
    }

    @Test
    void onExit_moreThanFutexWaitvTakes_allComplete() throws Exception {
        MemorySegment word = newWord();
        List<NativeThread> threads = new ArrayList<>();
        List<CompletableFuture<Long>> exits = new ArrayList<>();
        NativeThreadBuilder builder = NativeThread.builder().stackSize(64 << 10);
        for (int i = 0; i < 500; i++) {
            NativeThread thread = builder.start(function("wait_for_word"), word);
            threads.add(thread);
            exits.add(thread.onExit());
        }
        release(word);
        for (CompletableFuture<Long> exit : exits) {
            assertEquals(1, exit.get(5, TimeUnit.MINUTES));
        }
        threads.forEach(NativeThread::close);
    }

    static final class NeverRan {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 0).close();
            FailingSyscall.of(SyscallNumber.SIGALTSTACK).with(Errno.EPERM);
            try (NativeThread thread = NativeThread.start(function("identity"), 0)) {
                thread.onExit().handle((result, failure) -> {
                    System.out.print(failure.getMessage());
                    return result;
                }).get();
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void onExit_functionNeverRan_fails() {
        ChildJvm.Result result = ChildJvm.of(NeverRan.class).run();
        assertTrue(result.out().contains("sigaltstack") && result.out().contains("EPERM"), result::toString);
    }

    // virtual threads

    /** If join blocked its carrier, this would take many minutes, because only two joins could run at once. */
    static final class VirtualJoins {
        public static void main(String... arguments) throws Exception {
            int threads = Integer.parseInt(arguments[0]);
            long millis = Long.parseLong(arguments[1]);
            long start = System.nanoTime();
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                NativeFunction sleep = function("sleep_millis");
                List<Future<Long>> joins = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    joins.add(executor.submit(() -> {
                        try (NativeThread thread = NativeThread.builder().stackSize(64 << 10).start(sleep, millis)) {
                            return thread.join();
                        }
                    }));
                }
                long sum = 0;
                for (Future<Long> join : joins) {
                    sum += join.get();
                }
                System.out.print(sum);
            }
            System.err.printf("%d joins of threads that sleep %d ms, on 2 carriers: %d ms%n", threads, millis,
                    (System.nanoTime() - start) / 1_000_000);
        }
    }

    @Test
    void join_onManyVirtualThreads_leavesTheCarriersFree() {
        assertJoinsOnTwoCarriers(2_000);
    }

    @Test
    @Tag("stress")
    void join_on10000VirtualThreads_leavesTheCarriersFree() {
        assertJoinsOnTwoCarriers(10_000);
    }

    private static void assertJoinsOnTwoCarriers(int threads) {
        ChildJvm.Result result = ChildJvm.of(VirtualJoins.class).flags("-Djdk.virtualThreadScheduler.parallelism=2",
                "-Djdk.virtualThreadScheduler.maxPoolSize=2").run("" + threads, "1000");
        assertEquals("" + threads * 1_000, result.out(), result::toString);
        System.out.print(result.err());
    }

    @Test
    void close_onAVirtualThread_waits() throws Exception {
        MemorySegment word = newWord();
        NativeThread thread = startWaiting(word);
        Thread closer = Thread.startVirtualThread(thread::close);
        assertFalse(closer.join(Duration.ofMillis(20)));
        release(word);
        assertTrue(closer.join(Duration.ofMinutes(5)));
        assertEquals(NativeThread.State.CLOSED, thread.state());
    }

    // interrupts

    private static CompletableFuture<Throwable> joinOn(Thread.Builder builder, NativeThread thread,
            List<Thread> joiner) {
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        joiner.add(builder.start(() -> {
            try {
                thread.join();
                outcome.complete(new AssertionError("joined"));
            } catch (Throwable thrown) {
                outcome.complete(thrown);
            }
        }));
        return outcome;
    }

    @Test
    void join_interrupted_throwsAndTheThreadRunsOn() throws Exception {
        for (Thread.Builder builder : List.of(Thread.ofPlatform().daemon(), Thread.ofVirtual())) {
            MemorySegment word = newWord();
            try (NativeThread thread = startWaiting(word)) {
                List<Thread> joiner = new ArrayList<>();
                CompletableFuture<Throwable> outcome = joinOn(builder, thread, joiner);
                assertEquals(OptionalLong.empty(), thread.join(Duration.ofMillis(30)));
                joiner.getFirst().interrupt();
                assertInstanceOf(InterruptedException.class, outcome.get(5, TimeUnit.MINUTES));
                assertEquals(NativeThread.State.RUNNING, thread.state());
                release(word);
                assertEquals(1, thread.join());
            }
        }
    }

    @Test
    void join_interruptedBefore_throwsAtOnce() {
        MemorySegment word = newWord();
        try (NativeThread thread = startWaiting(word)) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, thread::join);
            assertFalse(Thread.interrupted());
            release(word);
        }
    }

    @Test
    void join_interruptedButEnded_givesTheResult() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 3)) {
            thread.join();
            Thread.currentThread().interrupt();
            assertEquals(3, thread.join());
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void join_onVirtualThreadWithTimeout_isEmptyWhenItIsOver() throws Exception {
        MemorySegment word = newWord();
        try (NativeThread thread = startWaiting(word)) {
            CompletableFuture<OptionalLong> join = new CompletableFuture<>();
            Thread.startVirtualThread(() -> {
                try {
                    join.complete(thread.join(Duration.ofMillis(20)));
                } catch (InterruptedException unexpected) {
                    join.completeExceptionally(unexpected);
                }
            });
            assertEquals(OptionalLong.empty(), join.get(5, TimeUnit.MINUTES));
            release(word);
        }
    }

    // joinAny

    @Test
    void joinAny_oneEnds_returnsThatOne() throws Exception {
        List<MemorySegment> words = List.of(newWord(), newWord(), newWord());
        List<NativeThread> threads = words.stream().map(ExitTest::startWaiting).toList();
        CompletableFuture<NativeThread> any = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                any.complete(NativeThread.joinAny(threads));
            } catch (InterruptedException unexpected) {
                any.completeExceptionally(unexpected);
            }
        });
        release(words.get(1));
        assertSame(threads.get(1), any.get(5, TimeUnit.MINUTES));
        assertEquals(OptionalLong.of(1), threads.get(1).tryJoin());
        words.forEach(ExitTest::release);
        threads.forEach(NativeThread::close);
    }

    @Test
    void joinAny_oneHasEnded_returnsThatOneAtOnce() throws Exception {
        MemorySegment word = newWord();
        try (NativeThread running = startWaiting(word);
                NativeThread ended = NativeThread.start(function("identity"), 5)) {
            Joining.join(ended);
            assertSame(ended, NativeThread.joinAny(List.of(running, ended)));
            release(word);
        }
    }

    @Test
    void joinAny_badInput_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> NativeThread.joinAny(List.of()));
        assertThrows(NullPointerException.class, () -> NativeThread.joinAny(null));
        NativeThread closed = NativeThread.start(function("identity"), 5);
        closed.close();
        assertThrows(IllegalStateException.class, () -> NativeThread.joinAny(List.of(closed)));
    }

    // waking other waiters

    /** Simulates a thread whose end the test controls. */
    private static final class Ending implements AutoCloseable {
        private static final Lent NOTHING = new Lent(function("identity"), Optional.empty(), null);
        private final SlotPool pool = new SlotPool(1 << 20);
        private final StackLease lease = new StackLease();
        private final ControlBlock block = new ControlBlock(
                pool.take(new StackGeometry(64 << 10, 16 << 10, StackPages.USUAL), lease));
        private final ThreadExit exit = new ThreadExit(block, NOTHING);
        private final Futex futex = Futex.ofShared(block.futexWord());

        Ending() {
            futex.set(4711);
        }

        /** Starts a Java thread that waits; returns when it sleeps on the dword. */
        Thread startAwaiting() {
            CompletableFuture<Long> tid = new CompletableFuture<>();
            Thread thread = Thread.ofPlatform().daemon().start(() -> {
                tid.complete(Sleepers.tid());
                exit.await(() -> {});
            });
            awaitAsleep(tid.join());
            return thread;
        }

        void awaitAsleep(long tid) {
            Sleepers.awaitAsleepIn(tid, SyscallNumber.FUTEX, block.futexWord().address());
        }

        /** Ends the simulated thread like the kernel, which wakes only one waiter, the first one. */
        void end() {
            futex.set(0);
            futex.wake(1);
        }

        @Override
        public void close() {
            futex.set(0);
            futex.wakeAll();
            pool.giveBack(lease, /* warm */ true);
            pool.trim();
        }
    }

    @Test
    void await_nativeFunctionWaitsToo_isWokenToo() throws Exception {
        try (Ending ending = new Ending()) {
            ending.exit.setAddressKnown();
            Thread first = ending.startAwaiting();
            try (NativeThread second = NativeThread.start(function("wait_for_end"), ending.block.futexWord())) {
                ending.awaitAsleep(second.tid());
                ending.end();
                first.join();
                OptionalLong result = second.join(Duration.ofMinutes(5));
                ending.futex.wakeAll(); // so that the test ends even if no other thread has woken it
                assertEquals(OptionalLong.of(0), result);
            }
        }
    }

    @Test
    void await_secondCallerWaits_isWokenToo() throws Exception {
        for (int i = 0; i < 30; i++) {
            try (Ending ending = new Ending()) {
                Thread first = ending.startAwaiting();
                Thread second = ending.startAwaiting();
                ending.end();
                first.join();
                int asleep = ending.futex.wakeAll();
                second.join();
                assertEquals(0, asleep, "callers that the first hasn't woken");
            }
        }
    }

    static final class NoSharedWake {
        public static void main(String... arguments) throws Exception {
            FailingSyscall.of(SyscallNumber.FUTEX).whenArgument(1, Kernel.FUTEX_WAKE).with(Errno.EPERM);
            try (NativeThread thread = NativeThread.start(function("sleep_millis"), 5)) {
                System.out.print(thread.join());
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void join_noOtherCallerCanWait_makesNoWakeCall() {
        ChildJvm.Result result = ChildJvm.of(NoSharedWake.class).run();
        assertEquals("5", result.out(), result::toString);
    }
}
