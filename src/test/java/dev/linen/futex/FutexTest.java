package dev.linen.futex;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.futex.Futex.Wait;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.__kernel_timespec;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Allocation;

@NoLeaks
class FutexTest {

    private static final long FAR_NANOS = TimeUnit.MINUTES.toNanos(2);

    private final MemorySegment word = Arena.ofAuto().allocate(JAVA_INT);

    static List<Arguments> kinds() {
        Function<MemorySegment, Futex> ofPrivate = Futex::ofPrivate;
        Function<MemorySegment, Futex> ofShared = Futex::ofShared;
        return List.of(Arguments.of("private", ofPrivate), Arguments.of("shared", ofShared));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void await_woken_isWOKEN(String kind, Function<MemorySegment, Futex> factory) {
        Futex futex = factory.apply(word);
        Waiter waiter = Waiter.start(futex, word);
        assertEquals(1, futex.wake(1));
        assertEquals(Wait.WOKEN, waiter.result());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void await_otherValue_isVALUECHANGED(String kind, Function<MemorySegment, Futex> factory) {
        Futex futex = factory.apply(word);
        futex.set(-1);
        assertEquals(Wait.VALUE_CHANGED, futex.await(0));
        assertEquals(Wait.VALUE_CHANGED, futex.awaitUntil(1, System.nanoTime() + FAR_NANOS));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void awaitUntil_deadlinePasses_isTIMEDOUTAndNotEarlier(String kind, Function<MemorySegment, Futex> factory) {
        Futex futex = factory.apply(word);
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(20);
        assertEquals(Wait.TIMED_OUT, futex.awaitUntil(0, deadline));
        assertTrue(System.nanoTime() >= deadline);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1, 999_999_999, 1_000_000_000})
    void awaitUntil_deadlineInThePast_isTIMEDOUT(long deadline) {
        assertEquals(Wait.TIMED_OUT, Futex.ofPrivate(word).awaitUntil(0, deadline));
    }

    @Test
    void awaitUntil_farDeadline_isWokenBeforeIt() {
        Futex futex = Futex.ofPrivate(word);
        Waiter waiter = Waiter.start(word, () -> futex.awaitUntil(0, Long.MAX_VALUE));
        assertEquals(1, futex.wakeAll());
        assertEquals(Wait.WOKEN, waiter.result());
    }

    /** Deadline depends on this. */
    @Test
    void nanoTime_comparedWithCLOCKMONOTONIC_isThatClock() {
        MemorySegment timespec = Arena.ofAuto().allocate(__kernel_timespec.layout());
        long before = System.nanoTime();
        assertEquals(0, Syscall.invoke(SyscallNumber.CLOCK_GETTIME, Kernel.CLOCK_MONOTONIC, timespec.address()));
        long after = System.nanoTime();
        long kernels = TimeUnit.SECONDS.toNanos(__kernel_timespec.tv_sec(timespec))
                + __kernel_timespec.tv_nsec(timespec);
        assertTrue(before <= kernels && kernels <= after, () -> before + ", " + kernels + ", " + after);
    }

    @Test
    void wake_severalWaiters_wakesThatMany() {
        Futex futex = Futex.ofPrivate(word);
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            waiters.add(Waiter.start(futex, word));
        }
        assertEquals(0, futex.wake(0));
        assertEquals(1, futex.wake(1));
        assertEquals(2, futex.wake(2));
        assertEquals(1, futex.wake(Integer.MAX_VALUE));
        assertEquals(0, futex.wakeAll());
        waiters.forEach(waiter -> assertEquals(Wait.WOKEN, waiter.result()));
    }

    @Test
    void wakeAll_severalWaiters_wakesAll() {
        Futex futex = Futex.ofShared(word);
        List<Waiter> waiters = List.of(Waiter.start(futex, word), Waiter.start(futex, word), Waiter.start(futex, word));
        assertEquals(3, futex.wakeAll());
        waiters.forEach(waiter -> assertEquals(Wait.WOKEN, waiter.result()));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    void wake_negativeCount_isRefused(int count) {
        String message = assertThrows(IllegalArgumentException.class, () -> Futex.ofPrivate(word).wake(count))
                .getMessage();
        assertEquals("the number of threads to wake must be 0 or more, not " + count, message);
    }

    @Test
    void wake_otherKind_wakesNoThread() {
        Futex ofPrivate = Futex.ofPrivate(word);
        Futex ofShared = Futex.ofShared(word);
        Waiter onPrivate = Waiter.start(ofPrivate, word);
        assertEquals(0, ofShared.wakeAll());
        assertEquals(1, ofPrivate.wakeAll());
        assertEquals(Wait.WOKEN, onPrivate.result());
        Waiter onShared = Waiter.start(ofShared, word);
        assertEquals(0, ofPrivate.wakeAll());
        assertEquals(1, ofShared.wakeAll());
        assertEquals(Wait.WOKEN, onShared.result());
    }

    @Test
    void valueSetCompareAndSet_aWord_areThatWord() {
        Futex futex = Futex.ofPrivate(word);
        futex.set(-7);
        assertEquals(-7, word.get(JAVA_INT, 0));
        assertEquals(-7, futex.value());
        assertFalse(futex.compareAndSet(0, 1));
        assertEquals(-7, futex.value());
        assertTrue(futex.compareAndSet(-7, 1));
        assertEquals(1, futex.value());
    }

    /** Two threads take turns. If a wake is lost, both sleep until the deadline. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void wake_tenThousandTimesInTurn_losesNone(String kind, Function<MemorySegment, Futex> factory) {
        Futex turn = factory.apply(word);
        int turns = 10_000;
        Waiter other = Waiter.startWithoutWaiting(() -> takeTurns(turn, 1, turns));
        assertEquals(Wait.WOKEN, takeTurns(turn, 0, turns));
        assertEquals(Wait.WOKEN, other.result());
    }

    private static Wait takeTurns(Futex turn, int mine, int turns) {
        long deadline = System.nanoTime() + FAR_NANOS;
        for (int i = 0; i < turns; i++) {
            while (turn.value() != mine) {
                if (turn.awaitUntil(1 - mine, deadline) == Wait.TIMED_OUT) {
                    return Wait.TIMED_OUT;
                }
            }
            turn.set(1 - mine);
            turn.wake(1);
        }
        return Wait.WOKEN;
    }

    @Test
    void waitingAndWaking_compiled_allocateNothing() {
        Futex futex = Futex.ofPrivate(word);
        assertEquals(0, Allocation.of100000(() -> futex.wake(1)));
        assertEquals(0, Allocation.of100000(futex::wakeAll));
        assertEquals(0, Allocation.of100000(() -> futex.await(1).ordinal()));
        assertEquals(0, Allocation.of100000(() -> futex.awaitUntil(1, 1).ordinal()));
        assertEquals(0, Allocation.of100000(() -> futex.awaitUntil(0, 1).ordinal()));
    }

    @Test
    void factory_badSegment_isRefused() {
        MemorySegment eight = Arena.ofAuto().allocate(8, 8);
        Mapping unmapped = Mapping.anonymous(4);
        MemorySegment closed = unmapped.segment();
        unmapped.close();
        for (Arguments kind : kinds()) {
            @SuppressWarnings("unchecked")
            Function<MemorySegment, Futex> factory = (Function<MemorySegment, Futex>) kind.get()[1];
            assertThrows(NullPointerException.class, () -> factory.apply(null));
            assertRefused("on the Java heap", factory, MemorySegment.ofArray(new int[1]));
            assertRefused("4 bytes, but the segment has only 3", factory, eight.asSlice(0, 3));
            assertRefused("4 bytes, but the segment has only 0", factory, MemorySegment.NULL);
            assertRefused("4-byte aligned, but the segment starts at 0x", factory, eight.asSlice(1, 4));
            assertRefused("4-byte aligned, but the segment starts at 0x", factory, eight.asSlice(2, 6));
            assertThrows(IllegalStateException.class, () -> factory.apply(closed));
            factory.apply(eight.asSlice(4));
        }
    }

    @Test
    void readOnly_word_canBeWaitedForButNotChanged() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(4, 4);
            for (Function<MemorySegment, Futex> factory : List.<Function<MemorySegment, Futex>>of(Futex::ofPrivate,
                    Futex::ofShared)) {
                Futex writer = factory.apply(word);
                Futex reader = factory.apply(word.asReadOnly());
                writer.set(0);
                Thread waiter = Thread.ofPlatform().start(() -> {
                    while (reader.value() == 0) {
                        reader.await(0);
                    }
                });
                writer.set(1);
                while (waiter.isAlive()) {
                    writer.wakeAll();
                }
                assertEquals(Futex.Wait.VALUE_CHANGED, reader.await(0));
                assertEquals(0, reader.wakeAll());
                for (Executable change : List.<Executable>of(() -> reader.set(2), () -> reader.compareAndSet(1, 2))) {
                    assertEquals("this futex is in a read-only segment: a thread can wait for it, but not change it",
                            assertThrows(UnsupportedOperationException.class, change).getMessage());
                }
                assertEquals(1, writer.value());
            }
        }
    }

    @Test
    void anyMethod_memoryFreed_saysTheSame() {
        Arena arena = Arena.ofShared();
        MemorySegment word = arena.allocate(4, 4);
        Futex futex = Futex.ofPrivate(word);
        arena.close();
        for (Executable call : List.<Executable>of(futex::value, () -> futex.set(1), () -> futex.compareAndSet(0, 1),
                () -> futex.await(0), futex::wakeAll, () -> Futex.ofPrivate(word))) {
            assertEquals("the memory of this futex was freed: its arena is closed",
                    assertThrows(IllegalStateException.class, call).getMessage());
        }
    }

    private static void assertRefused(String because, Function<MemorySegment, Futex> factory, MemorySegment segment) {
        String message = assertThrows(IllegalArgumentException.class, () -> factory.apply(segment)).getMessage();
        assertTrue(message.contains(because), message);
    }

    @Test
    void anyMethod_arenaClosed_isRefused() {
        Mapping mapping = Mapping.anonymous(4);
        Futex futex = Futex.ofPrivate(mapping.segment());
        mapping.close();
        for (Runnable use : new Runnable[]{() -> futex.await(0), () -> futex.awaitUntil(0, 0), () -> futex.wake(1),
                futex::wakeAll, futex::value, () -> futex.set(1), () -> futex.compareAndSet(0, 1)}) {
            assertThrows(IllegalStateException.class, use::run);
        }
        assertEquals("Futex[0x" + Long.toHexString(mapping.address()) + ", private, freed]", futex.toString());
    }

    @Test
    void await_pageWithoutAccess_isEFAULT() {
        try (Mapping memory = Mapping.anonymous(4)) {
            Futex ofPrivate = Futex.ofPrivate(memory.segment());
            Futex ofShared = Futex.ofShared(memory.segment());
            memory.protect(Protection.NONE);
            SyscallException failed = assertThrows(SyscallException.class, () -> ofPrivate.await(7));
            assertEquals("futex(0x" + Long.toHexString(memory.address()) + ", FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG, 7, "
                    + "NULL, NULL, FUTEX_BITSET_MATCH_ANY) failed: EFAULT (Bad address)", failed.getMessage());
            assertEquals(Errno.EFAULT, assertThrows(SyscallException.class, ofShared::wakeAll).errno());
            assertEquals(0, ofPrivate.wakeAll()); // the kernel doesn't access a private futex
        }
    }

    @Test
    void toString_open_hasKindAndValue() {
        Futex.ofShared(word).set(42);
        String address = Long.toHexString(word.address());
        assertEquals("Futex[0x" + address + ", shared, 42]", Futex.ofShared(word).toString());
        assertEquals("Futex[0x" + address + ", private, 42]", Futex.ofPrivate(word).toString());
    }

    @Test
    void await_mappingIsClosedMeanwhile_refusesTheClose() throws Exception {
        Mapping mapping = Mapping.anonymous(4096);
        Futex futex = Futex.ofShared(mapping.segment());
        Waiter waiter = Waiter.start(futex, mapping.segment());
        assertThrows(IllegalStateException.class, mapping::close);
        futex.set(1);
        futex.wakeAll();
        assertEquals(Futex.Wait.WOKEN, waiter.result());
        mapping.close();
    }

    @Test
    void awaitInterruptibly_interrupted_throws() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            Futex futex = Futex.ofPrivate(arena.allocate(4, 4));
            CompletableFuture<String> outcome = new CompletableFuture<>();
            Thread thread = Thread.ofPlatform().daemon().start(() -> {
                try {
                    outcome.complete("" + futex.awaitInterruptibly(0, Long.MAX_VALUE));
                } catch (InterruptedException interrupted) {
                    outcome.complete("interrupted");
                }
            });
            thread.interrupt();
            assertEquals("interrupted", outcome.get(5, TimeUnit.MINUTES));
            thread.join();
        }
    }

    @Test
    void awaitInterruptibly_deadlinePasses_timesOut() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            Futex futex = Futex.ofPrivate(arena.allocate(4, 4));
            assertEquals(Futex.Wait.TIMED_OUT, futex.awaitInterruptibly(0, System.nanoTime() + 25_000_000));
            assertEquals(Futex.Wait.VALUE_CHANGED, futex.awaitInterruptibly(1, Long.MAX_VALUE));
        }
    }
}
