package dev.linen;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import dev.linen.futex.Futex;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Mapping;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;

class LinenTest {

    private final Arena arena = Arena.ofShared();
    private final MemorySegment handleOut = arena.allocate(ADDRESS);
    private final MemorySegment resultOut = arena.allocate(ADDRESS);
    private final MemorySegment word = arena.allocate(JAVA_INT);

    @AfterEach
    void free() {
        arena.close();
    }

    private MemorySegment create(String function, MemorySegment argument) {
        assertEquals(0, Linen.threadCreate(handleOut, function(function).address(), argument));
        return handleOut.get(ADDRESS, 0);
    }

    private void release() {
        Futex futex = Futex.ofShared(word);
        futex.set(1);
        futex.wakeAll();
    }

    private static void onItsOwnThread(Runnable task) {
        Thread.ofPlatform().daemon().start(task);
    }

    @Test
    void threadCreate_thenJoin_givesTheResult() {
        MemorySegment handle = create("identity", MemorySegment.ofAddress(0x5EED));
        assertEquals(0, Linen.threadJoin(handle, resultOut));
        assertEquals(0x5EED, resultOut.get(JAVA_LONG, 0));
    }

    @Test
    void threadCreate_handle_hasFutexAndCanary() {
        MemorySegment handle = create("wait_for_word", word).reinterpret(8);
        assertNotEquals(0, handle.get(JAVA_INT, 0));
        assertEquals(0xDEADBEEF, handle.get(JAVA_INT, 4));
        release();
        assertEquals(0, Linen.threadJoin(handle, MemorySegment.NULL));
    }

    @Test
    void threadCreate_nullHandleOrFunction_isEinval() {
        MemorySegment function = function("identity").address();
        assertEquals(-22, Linen.threadCreate(MemorySegment.NULL, function, MemorySegment.NULL));
        assertEquals(-22, Linen.threadCreate(handleOut, MemorySegment.NULL, MemorySegment.NULL));
        assertEquals(0, handleOut.get(JAVA_LONG, 0));
    }

    @Test
    void threadCreate_nullArgument_isAllowed() {
        assertEquals(0, Linen.threadJoin(create("identity", MemorySegment.NULL), resultOut));
        assertEquals(0, resultOut.get(JAVA_LONG, 0));
    }

    @Test
    void threadTryJoin_whileRunning_isEbusy() {
        MemorySegment handle = create("wait_for_word", word);
        assertEquals(Errno.EBUSY.result(), Linen.threadTryJoin(handle, resultOut));
        release();
        int error;
        do {
            error = Linen.threadTryJoin(handle, resultOut);
        } while (error == Errno.EBUSY.result());
        assertEquals(0, error);
        assertEquals(1, resultOut.get(JAVA_LONG, 0));
    }

    @Test
    void threadJoin_joinedBefore_isEinval() {
        MemorySegment handle = create("identity", MemorySegment.NULL);
        assertEquals(0, Linen.threadJoin(handle, MemorySegment.NULL));
        assertEquals(Errno.EINVAL.result(), Linen.threadJoin(handle, MemorySegment.NULL));
        assertEquals(Errno.EINVAL.result(), Linen.threadTryJoin(handle, MemorySegment.NULL));
        assertEquals(Errno.EINVAL.result(), Linen.threadDetach(handle));
    }

    @Test
    void threadJoin_byTwo_isEinvalForOne() throws Exception {
        MemorySegment handle = create("wait_for_word", word);
        List<CompletableFuture<Integer>> joins = Stream.generate(() -> CompletableFuture
                .supplyAsync(() -> Linen.threadJoin(handle, MemorySegment.NULL), LinenTest::onItsOwnThread)).limit(2)
                .toList();
        Object first = CompletableFuture.anyOf(joins.get(0), joins.get(1)).get(5, TimeUnit.MINUTES);
        assertEquals(Errno.EINVAL.result(), first);
        assertEquals(Errno.EBUSY.result(), Linen.threadTryJoin(handle, MemorySegment.NULL));
        release();
        assertEquals(Errno.EINVAL.result(),
                joins.get(0).get(5, TimeUnit.MINUTES) + joins.get(1).get(5, TimeUnit.MINUTES));
    }

    @Test
    void threadTryJoin_polledMeanwhile_isInNobodysWay() throws Exception {
        for (int round = 0; round < 200; round++) {
            MemorySegment handle = create("count", MemorySegment.ofAddress(2_000));
            CompletableFuture<Void> polling = CompletableFuture.runAsync(() -> {
                while (Linen.threadTryJoin(handle, MemorySegment.NULL) == Errno.EBUSY.result()) {
                    Thread.onSpinWait();
                }
            });
            Linen.threadJoin(handle, MemorySegment.NULL); // or the polling thread has joined it
            polling.get(5, TimeUnit.MINUTES);
            assertEquals(Errno.EINVAL.result(), Linen.threadJoin(handle, MemorySegment.NULL));
        }
    }

    static final class SignalStackRefused {
        public static void main(String... arguments) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment handle = arena.allocate(ADDRESS);
                MemorySegment function = function("identity").address();
                Linen.threadCreate(handle, function, MemorySegment.NULL);
                Linen.threadJoin(handle.get(ADDRESS, 0), MemorySegment.NULL);
                FailingSyscall.of(SyscallNumber.SIGALTSTACK).with(Errno.EPERM);

                System.out.print(Linen.threadCreate(handle, function, MemorySegment.NULL) + " ");
                System.out.print(Linen.threadJoin(handle.get(ADDRESS, 0), MemorySegment.NULL) + " ");
                System.out.print(Linen.threadJoin(handle.get(ADDRESS, 0), MemorySegment.NULL));
                System.out.flush();
                Runtime.getRuntime().halt(0);
            }
        }
    }

    @Test
    void threadJoin_functionNeverRan_saysWhyAndFreesIt() {
        ChildJvm.Result result = ChildJvm.of(SignalStackRefused.class).run();
        assertEquals("0 " + Errno.EPERM.result() + " " + Errno.EINVAL.result(), result.out(), result::toString);
    }

    @Test
    void threadJoin_resultsPlaceFreedMeanwhile_canBeJoinedAgain() throws Exception {
        MemorySegment handle = create("wait_for_word", word);
        Arena closing = Arena.ofShared();
        MemorySegment place = closing.allocate(8);
        CompletableFuture<Integer> join = CompletableFuture.supplyAsync(() -> Linen.threadJoin(handle, place),
                LinenTest::onItsOwnThread);
        CompletableFuture<Integer> waits = CompletableFuture.supplyAsync(() -> Linen.threadJoin(handle, place),
                LinenTest::onItsOwnThread);
        CompletableFuture.anyOf(join, waits).get(5, TimeUnit.MINUTES); // one call failed, so the other is joining
        closing.close();
        release();
        assertThrows(ExecutionException.class,
                () -> CompletableFuture.allOf(join, waits).get(5, TimeUnit.MINUTES));
        assertEquals(0, Linen.threadJoin(handle, resultOut));
        assertEquals(1, resultOut.get(JAVA_LONG, 0));
    }

    @Test
    void threadDetach_whileRunning_letsItRunOn() {
        MemorySegment handle = create("wait_for_word", word);
        assertEquals(0, Linen.threadDetach(handle));
        assertEquals(Errno.EINVAL.result(), Linen.threadJoin(handle, MemorySegment.NULL));
        assertEquals(Errno.EINVAL.result(), Linen.threadDetach(handle));
        release();
    }

    @Test
    void threadJoin_garbage_isRefusedWithoutACrash() {
        assertEquals(Errno.EFAULT.result(), Linen.threadJoin(MemorySegment.NULL, resultOut));
        assertEquals(Errno.EFAULT.result(), Linen.threadJoin(MemorySegment.ofAddress(-1), resultOut));
        assertEquals(Errno.EINVAL.result(), Linen.threadJoin(resultOut, resultOut));
        try (Mapping mapping = Mapping.anonymous(Mapping.pageSize())) {
            mapping.segment().set(JAVA_INT, 4, 0xDEADBEEF);
            assertEquals(Errno.ESRCH.result(), Linen.threadJoin(mapping.segment(), resultOut));
        }
    }

    @Test
    void anyCall_badSegment_isRefused() {
        MemorySegment function = function("identity").address();
        MemorySegment heap = MemorySegment.ofArray(new long[1]);
        MemorySegment small = arena.allocate(4);
        for (MemorySegment bad : new MemorySegment[]{heap, small, handleOut.asReadOnly(),
                MemorySegment.ofAddress(handleOut.address())}) {
            assertThrows(IllegalArgumentException.class,
                    () -> Linen.threadCreate(bad, function, MemorySegment.NULL));
            assertThrows(IllegalArgumentException.class, () -> Linen.threadJoin(MemorySegment.NULL, bad));
            assertThrows(IllegalArgumentException.class, () -> Linen.threadTryJoin(MemorySegment.NULL, bad));
        }
        assertThrows(IllegalArgumentException.class, () -> Linen.threadCreate(handleOut, heap, MemorySegment.NULL));
        assertThrows(IllegalArgumentException.class, () -> Linen.threadCreate(handleOut, function, heap));
        assertThrows(IllegalArgumentException.class, () -> Linen.threadJoin(heap, resultOut));
        assertThrows(NullPointerException.class, () -> Linen.threadCreate(null, function, MemorySegment.NULL));
        assertThrows(NullPointerException.class, () -> Linen.threadJoin(null, resultOut));
    }

    @Test
    void anyCall_freedSegment_isRefused() {
        MemorySegment function = function("identity").address();
        MemorySegment freed;
        try (Arena closed = Arena.ofConfined()) {
            freed = closed.allocate(8);
        }
        assertThrows(IllegalStateException.class, () -> Linen.threadCreate(freed, function, MemorySegment.NULL));
        assertThrows(IllegalStateException.class, () -> Linen.threadCreate(handleOut, function, freed));
        assertThrows(IllegalStateException.class, () -> Linen.threadJoin(MemorySegment.NULL, freed));
    }

    @Test
    void isSupported_here_isTrue() {
        assertTrue(Linen.isSupported());
        assertTrue(Linen.unsupportedReason().isEmpty());
    }

    @Test
    void threadDetach_whileAnotherJoins_isEinval() throws Exception {
        MemorySegment handle = create("wait_for_word", word);
        Thread joiner = Thread.ofPlatform().start(() -> Linen.threadJoin(handle, MemorySegment.NULL));
        while (joiner.getState() != Thread.State.WAITING && joiner.getState() != Thread.State.TIMED_WAITING) {
            Thread.sleep(1); // the other thread is parked, so it is joining
        }
        assertEquals(Errno.EINVAL.result(), Linen.threadDetach(handle));
        release();
        joiner.join();
    }

    @Test
    void threadJoin_interrupted_isEintrAndCanBeRepeated() {
        MemorySegment handle = create("wait_for_word", word);
        Thread.currentThread().interrupt();
        assertEquals(Errno.EINTR.result(), Linen.threadJoin(handle, MemorySegment.NULL));
        assertTrue(Thread.interrupted());
        release();
        assertEquals(0, Linen.threadJoin(handle, MemorySegment.NULL));
    }

    /** The arena of handleOut is closed while the thread starts. */
    static final class HandleOutClosed {
        public static void main(String... arguments) throws Exception {
            MemorySegment function = function("identity").address();
            int lost = 0; // the handle was stored, but its arena closed before it could be read
            boolean refused = false;
            for (int i = 0; i < 20_000 && !refused; i++) {
                Arena arena = Arena.ofShared();
                MemorySegment handle = arena.allocate(8);
                AtomicBoolean begun = new AtomicBoolean();
                Thread closer = Thread.ofPlatform().start(() -> {
                    while (!begun.get()) {
                        Thread.onSpinWait();
                    }
                    arena.close();
                });
                begun.set(true);
                try {
                    Linen.threadCreate(handle, function, MemorySegment.NULL);
                    lost++;
                    Linen.threadJoin(handle.get(ValueLayout.ADDRESS, 0), MemorySegment.NULL);
                    lost--;
                } catch (IllegalStateException closed) {
                    refused = closed.getStackTrace()[0].getClassName().startsWith("jdk.internal.foreign")
                            && List.of(closed.getStackTrace()).stream()
                                    .anyMatch(frame -> frame.getMethodName().equals("threadCreate"));
                }
                closer.join();
            }
            System.out.print(refused ? "left: " + (Linen.joinable() - lost) : "never closed meanwhile");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void threadCreate_handleOutIsFreedMeanwhile_leavesNothing() {
        ChildJvm.Result result = ChildJvm.of(HandleOutClosed.class).run();
        Skip.unless(!result.out().equals("never closed meanwhile"), "the arena was never closed at that moment");
        assertEquals("left: 0", result.out(), result::toString);
    }

    static final class PrintsAvailability {
        public static void main(String... none) {
            System.out.println(
                    Linen.isSupported() + " " + Linen.isAvailable() + " " + Linen.unavailableReason().orElse("-"));
        }
    }

    @Test
    void isAvailable_here_isTrue() {
        assertTrue(Linen.isAvailable());
        assertEquals(Optional.empty(), Linen.unavailableReason());
    }

    @Test
    void isAvailable_nativeAccessDenied_saysWhy() {
        ChildJvm.Result child = ChildJvm.of(PrintsAvailability.class).withoutNativeAccess().run();
        assertEquals("true false linen calls native code, but this JVM doesn't permit it: start the JVM with "
                + "--enable-native-access=dev.linen\n", child.out(), child::toString);
    }

    @Test
    void isAvailable_libraryCantBeLoaded_saysWhy() {
        ChildJvm.Result child = ChildJvm.of(PrintsAvailability.class).flags("-Ddev.linen.library.path=/nonexistent")
                .run();
        assertTrue(child.out().startsWith("true false linen can't load its native library. Tried: "), child::toString);
        ChildJvm.Result other = ChildJvm.of(PrintsAvailability.class).flags("-Dos.name=Windows").run();
        assertEquals("false false linen needs Linux, because it makes Linux system calls; this is Windows\n",
                other.out(), other::toString);
    }
}
