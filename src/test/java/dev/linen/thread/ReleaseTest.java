package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Advice;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Garbage;
import dev.linen.testing.Joining;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;
import dev.linen.testing.Smaps;

/** The stack and the arena of a thread are freed under all circumstances. */
class ReleaseTest {

    /** MADV_DONTNEED fails for locked memory. */
    static final class AllLocked {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 1).close();
            Syscall.invoke(SyscallNumber.MLOCKALL, Kernel.MCL_FUTURE);
            StackPool pool = StackPool.bounded(0);
            int before = MemoryMap.read().regions().size();
            String said = "";
            for (int i = 0; i < 20; i++) {
                try {
                    NativeThread.builder().pool(pool).start(function("identity"), i).close();
                } catch (SyscallException failed) {
                    said = failed.call() + " " + failed.errno() + " ";
                }
            }
            System.out.print(said + (MemoryMap.read().regions().size() - before < 20 ? "no leak" : "leaks"));
        }
    }

    @Test
    void close_afterMlockallOfFutureMappings_freesTheMemory() throws IOException {
        Skip.unlessMayLockMemory();
        ChildJvm.Result result = ChildJvm.of(AllLocked.class).run();
        assertEquals("no leak", result.out(), result::toString);
    }

    /** A Java thread is in a native call with the stack of a forgotten thread, whose views can't be ended then. */
    static final class ForgottenInANativeCall {

        /** Returns a thread that has ended, and that owns an arena. */
        private static NativeThread ended(Arena owned) throws InterruptedException {
            NativeThread thread = NativeThread.builder().startOwning(owned, function("identity"), owned.allocate(8));
            thread.join();
            return thread;
        }

        private static boolean isClosedSoon(Arena owned) throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
            while (owned.scope().isAlive() && System.nanoTime() < deadline) {
                Garbage.collect();
            }
            return !owned.scope().isAlive();
        }

        private static boolean anotherIsReleasedSoon() throws InterruptedException {
            Arena owned = Arena.ofShared();
            ended(owned);
            return isClosedSoon(owned);
        }

        /** Starts the call, with the stack of a thread that is reachable until the call has begun. */
        private static Thread startCall(Arena owned, MemorySegment word) throws InterruptedException {
            NativeThread thread = ended(owned);
            MemorySegment stack = thread.stack().stack();
            // The function has one parameter; the stack is held during the call.
            MethodHandle call = Linker.nativeLinker().downcallHandle(function("wait_for_word").address(),
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
            CompletableFuture<Long> tid = new CompletableFuture<>();
            Thread caller = Thread.ofPlatform().start(() -> {
                tid.complete(Sleepers.tid());
                try {
                    long ignored = (long) call.invokeExact(word, stack);
                } catch (Throwable never) {
                    throw new AssertionError(never);
                }
            });
            Sleepers.awaitAsleepIn(tid.join(), SyscallNumber.FUTEX, word.address());
            Reference.reachabilityFence(thread);
            return caller;
        }

        public static void main(String... arguments) throws Exception {
            Arena owned = Arena.ofShared();
            MemorySegment word = Arena.global().allocate(ValueLayout.JAVA_INT);
            Thread caller = startCall(owned, word);
            // The first of the two may be found in the same collection as the thread whose stack is used, and before it;
            // the second is found after it.
            boolean othersAreReleased = anotherIsReleasedSoon() && anotherIsReleasedSoon();
            System.out.print(othersAreReleased && owned.scope().isAlive() ? "open during the call, " : "wrong, ");
            Futex futex = Futex.ofShared(word);
            futex.set(1);
            futex.wakeAll();
            caller.join();
            System.out.print(isClosedSoon(owned) ? "closed after it" : "open after it");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void forgotten_segmentIsInANativeCall_isReleasedAfterIt() {
        ChildJvm.Result result = ChildJvm.of(ForgottenInANativeCall.class).run();
        assertEquals("open during the call, closed after it", result.out(), result::toString);
    }

    /** The reserved memory must not be loaded, although mlockall locks new mappings. */
    static final class LockedBefore {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 1).close();
            Syscall.invoke(SyscallNumber.MLOCKALL, Kernel.MCL_FUTURE);
            try (NativeThread thread = NativeThread.builder().pool(StackPool.bounded(0)).start(function("identity"),
                    1)) {
                thread.join();
                long resident = Smaps.bytes(thread.handle(), "Rss");
                System.out.print(resident <= 4 * Mapping.pageSize() ? "a few pages" : resident + " bytes");
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void start_afterMlockallOfFutureMappings_slabIsNotResident() throws IOException {
        Skip.unlessMayLockMemory();
        ChildJvm.Result result = ChildJvm.of(LockedBefore.class).run();
        assertEquals("a few pages", result.out(), result::toString);
    }

    /** mlockall is called by other code, after the stacks were mapped. */
    static final class LockedLater {
        public static void main(String... arguments) {
            StackPool pool = StackPool.bounded(0);
            NativeThreadBuilder builder = NativeThread.builder().pool(pool).stackSize(64 << 10);
            NativeThread kept = builder.start(function("identity"), 1); // keeps the slab mapped
            NativeThread thread = builder.start(function("identity"), 2);
            Syscall.invoke(SyscallNumber.MLOCKALL, Kernel.MCL_CURRENT);
            thread.close();
            kept.close();
            System.out.print("closed");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void close_mlockallAfterTheStart_freesTheMemory() throws IOException {
        Skip.unlessMayLockMemory();
        ChildJvm.Result result = ChildJvm.of(LockedLater.class).run();
        assertEquals("closed", result.out(), result::toString);
    }

    /** Simulates a kernel without transparent huge pages. */
    static final class NoHugePages {
        public static void main(String... arguments) throws Exception {
            FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(2, Advice.HUGEPAGE.number()).with(Errno.EINVAL);
            FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(2, Advice.NOHUGEPAGE.number()).with(Errno.EINVAL);
            try (NativeThread huge = NativeThread.builder().hugePages().start(function("identity"), 1);
                    NativeThread usual = NativeThread.start(function("identity"), 2)) {
                System.out.print(huge.join() + " " + usual.join());
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void hugePages_kernelHasNone_areIgnored() {
        ChildJvm.Result result = ChildJvm.of(NoHugePages.class).run();
        assertEquals("1 2", result.out(), result::toString);
    }

    @Test
    void detach_cleanupOfItsArenaThrows_doesNotAffectOtherThreads() throws Exception {
        CountDownLatch cleanedUp = new CountDownLatch(1);
        StackPool pool = StackPool.bounded(64 << 20);
        NativeThread thread = NativeThread.builder().pool(pool).stackSize(1 << 20).start(function("sleep_millis"),
                memory -> {
                    MemorySegment.ofAddress(0x1000).reinterpret(8, memory, freed -> {
                        cleanedUp.countDown();
                        throw new ArithmeticException("of the cleanup");
                    });
                    return MemorySegment.ofAddress(50);
                });
        long top = thread.stack().handle();
        thread.detach();
        cleanedUp.await();
        try (NativeThread innocent = NativeThread.builder().pool(pool).start(function("identity"), 1)) {
            assertEquals(1, innocent.join());
        }
        while (MemoryMap.regionAt(top).isPresent()) {
            Thread.sleep(1);
            pool.trim();
        }
    }

    /** A cleanup action that blocks must neither run on the watcher's thread nor while the pool's lock is held. */
    static final class CleanupWaits {
        public static void main(String... arguments) throws Exception {
            NativeThread helper = NativeThread.start(function("sleep_millis"), 600_000);
            CountDownLatch blocks = new CountDownLatch(1);
            NativeThread thread = NativeThread.builder().start(function("sleep_millis"), memory -> {
                MemorySegment.ofAddress(0x1000).reinterpret(8, memory, freed -> {
                    blocks.countDown();
                    Joining.join(helper);
                });
                return MemorySegment.ofAddress(50);
            });
            CompletableFuture<Long> exit = thread.onExit();
            thread.detach();
            exit.get(5, TimeUnit.MINUTES);
            blocks.await();
            Thread other = Thread.ofPlatform().daemon()
                    .start(() -> NativeThread.start(function("identity"), 1).close());
            other.join(60_000);
            System.out.print(other.isAlive() ? "hangs" : "works");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void detach_cleanupOfItsArenaBlocks_doesNotBlockOtherThreads() {
        ChildJvm.Result result = ChildJvm.of(CleanupWaits.class).run();
        assertEquals("works", result.out(), result::toString);
    }

    /**
     * The watcher, which has just completed the future, may still be inside and so free the memory later: close must
     * wait for it.
     */
    @Test
    void close_joinedBefore_hasFreedTheMemory() throws Exception {
        int early = 0;
        for (int i = 0; i < 300; i++) {
            MemorySegment[] given = new MemorySegment[1];
            NativeThread thread = NativeThread.builder().start(function("sleep_millis"), memory -> {
                given[0] = memory.allocate(8);
                return MemorySegment.ofAddress(12);
            });
            thread.join();
            thread.close();
            early += given[0].scope().isAlive() ? 1 : 0;
        }
        assertEquals(0, early);
    }
}
