package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.rlimit64;
import dev.linen.junit.ChildJvm;
import dev.linen.process.Affinity;
import dev.linen.process.CpuSet;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.FailingAllocations;
import dev.linen.testing.Garbage;
import dev.linen.testing.Joining;
import dev.linen.testing.OtherUser;
import dev.linen.testing.Tasks;
import dev.linen.thread.NativeThread.Kind;

/** The watcher's thread: it can be created late, survives a full heap, and doesn't inherit its creator's CPUs. */
class WatcherTest {

    /** The thread can't be created the first time, because the user may have only this Java thread and one more. */
    static final class NotCreated {
        /** Ends the native thread when the joining one has failed to create the watcher's thread and waits without. */
        private static void endWhenPolled(Thread joining, MemorySegment word) {
            while (Stream.of(joining.getStackTrace()).noneMatch(at -> at.getMethodName().equals("pollOrInterrupt"))) {
                Thread.onSpinWait();
            }
            Futex futex = Futex.ofShared(word);
            futex.set(100);
            futex.wakeAll();
        }

        public static void main(String... arguments) throws Exception {
            Kind kind = Kind.valueOf(arguments[0]);
            // It runs to the end, so that linen's other helper thread doesn't end and has to be created again.
            NativeThread other = NativeThread.start(function("sleep_millis"), 600_000);
            try (Arena arena = Arena.ofShared()) {
                MemorySegment word = arena.allocate(8, 8);
                Thread joining = Thread.currentThread();
                Thread.ofPlatform().daemon().start(() -> endWhenPolled(joining, word)); // before the limit
                MemorySegment limit = arena.allocate(rlimit64.layout());
                rlimit64.rlim_cur(limit, 2);
                rlimit64.rlim_max(limit, 1000);
                Syscall.invoke(SyscallNumber.PRLIMIT64, 0, Kernel.RLIMIT_NPROC, limit.address(), 0);
                OtherUser.become();
                try (NativeThread thread = NativeThread.builder().kind(kind).start(function("wait_for_word"), word)) {
                    System.out.print("joined " + thread.join() + ", ");
                } catch (OutOfMemoryError | SyscallException noThread) {
                    System.out.print("refused, ");
                }
                rlimit64.rlim_cur(limit, 1000);
                Syscall.invoke(SyscallNumber.PRLIMIT64, 0, Kernel.RLIMIT_NPROC, limit.address(), 0);
            }
            try (NativeThread thread = NativeThread.builder().kind(kind).start(function("sleep_millis"), 100)) {
                System.out.print(thread.join());
            }
            other.detach();
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void join_watcherCannotBeCreated_waitsWithoutIt() {
        ChildJvm.Result result = ChildJvm.of(NotCreated.class).run(Kind.CLONE.name());
        OtherUser.skipIfRefused(result);
        assertTrue(result.out().endsWith("joined 100, 100"), result::toString); // after the JVM's own warning
    }

    /** A thread that libc creates is watched from its start. */
    @Test
    void start_watcherCannotBeCreated_throwsAndWorksTheNextTime() {
        ChildJvm.Result result = ChildJvm.of(NotCreated.class).run(Kind.POSIX.name());
        OtherUser.skipIfRefused(result);
        assertTrue(result.out().endsWith("refused, 100"), result::toString);
    }

    /** While a caller fails to create the watcher's thread, another caller relies on it. */
    static final class RefusedMeanwhile {
        private static volatile @Nullable CompletableFuture<Long> ofOther;

        /** Called by the first caller, in Thread.start: registers another thread, and then refuses the first one. */
        private static boolean refuses(Thread starting, NativeThread other) {
            if (!starting.getName().equals("linen-watcher") || ofOther != null) {
                return false;
            }
            try {
                Thread second = Thread.ofPlatform().start(() -> ofOther = other.onExit());
                second.join();
            } catch (InterruptedException never) {
                throw new AssertionError(never);
            }
            return true;
        }

        /** The other caller comes for another thread, or for the same. */
        public static void main(String... arguments) throws Exception {
            MemorySegment word = Arena.global().allocate(8, 8);
            NativeThread first = NativeThread.start(function("wait_for_word"), word);
            NativeThread other = arguments[0].equals("same")
                    ? first
                    : NativeThread.start(function("wait_for_word"), word);
            FailingAllocations.refuseThreads(thread -> refuses(thread, other));
            try {
                first.onExit();
            } catch (OutOfMemoryError noThread) {
                System.out.print("refused, ");
            }
            CompletableFuture<Long> future = Objects.requireNonNull(ofOther);
            if (arguments[0].equals("same")) {
                System.out.print(future.handle((result, failure) -> failure).get(5, TimeUnit.MINUTES) + ", ");
                future = other.onExit();
            }
            Futex futex = Futex.ofShared(word);
            futex.set(1);
            futex.wakeAll();
            System.out.print(future.get(5, TimeUnit.MINUTES));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void onExit_anotherCallerCannotCreateTheWatcher_isCompleted(@TempDir Path directory) {
        ChildJvm.Result result = FailingAllocations.child(RefusedMeanwhile.class, directory).run("another");
        assertEquals("refused, 1", result.out(), result::toString);
    }

    /** The same error for both, not a future that is never completed; and both can try again. */
    @Test
    void onExit_anotherCallerForTheSameThreadFails_failsAndCanBeRepeated(@TempDir Path directory) {
        ChildJvm.Result result = FailingAllocations.child(RefusedMeanwhile.class, directory).run("same");
        assertEquals("refused, java.lang.OutOfMemoryError: made to fail, 1", result.out(), result::toString);
    }

    /** The thread that finds forgotten threads can't be created when they start. */
    static final class ReclaimerRefused {
        private static volatile boolean refuses = true;

        private static void forget(Arena owned) throws InterruptedException {
            NativeThread.builder().startOwning(owned, function("identity"), owned.allocate(8)).join();
        }

        public static void main(String... arguments) throws Exception {
            FailingAllocations.refuseThreads(thread -> refuses && thread.getName().equals("linen-reclaimer"));
            MemorySegment word = Arena.global().allocate(8, 8);
            NativeThread other = NativeThread.start(function("wait_for_word"), word);
            Arena owned = Arena.ofShared();
            forget(owned);
            System.out.print(Tasks.named("linen-reclaimer").isEmpty() ? "refused, " : "created, ");
            refuses = false;
            other.state(); // any call
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
            while (owned.scope().isAlive() && System.nanoTime() < deadline) {
                Garbage.collect();
            }
            System.out.print(owned.scope().isAlive() ? "lost" : "reclaimed");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void forgotten_reclaimerCouldNotBeCreated_isReclaimedAfterTheNextCall(@TempDir Path directory) {
        ChildJvm.Result result = FailingAllocations.child(ReclaimerRefused.class, directory).run();
        assertEquals("refused, reclaimed", result.out(), result::toString);
    }

    /** The watcher's allocations fail when threads end. */
    static final class HeapFull {
        public static void main(String... arguments) throws Exception {
            // Only a sweep finds this end. So all classes are initialized: one that fails to be is unusable for good.
            NativeThread.start(function("exit_by_itself"), 1).onExit().get();
            MemorySegment word = Arena.global().allocate(8, 8);
            List<CompletableFuture<Long>> exits = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                exits.add(NativeThread.builder().stackSize(64 << 10).start(function("wait_for_word"), word).onExit());
            }
            FailingAllocations.arm(1, /* andAllThatFollow */ true, /* ofHelpers */ true);
            Futex futex = Futex.ofShared(word);
            futex.set(100);
            futex.wakeAll();
            while (!FailingAllocations.hasFailed()) {
                Thread.sleep(1);
            }
            FailingAllocations.disarm();
            try (NativeThread second = NativeThread.start(function("sleep_millis"), 100)) {
                Thread joiner = Thread.ofVirtual().start(() -> System.out.print(Joining.join(second)));
                joiner.join(Duration.ofMinutes(5));
            }
            for (CompletableFuture<Long> exit : exits) {
                exit.get(5, TimeUnit.MINUTES);
            }
            System.out.print(" and " + exits.size());
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void join_heapWasFullForAMoment_returns(@TempDir Path directory) {
        ChildJvm.Result result = FailingAllocations.child(HeapFull.class, directory).run();
        assertEquals("100 and 200", result.out(), result::toString);
    }

    /** The first caller that needs the watcher creates it, here on a single CPU. */
    static final class CreatedByAPinnedThread {
        public static void main(String... arguments) throws Exception {
            CpuSet all = Affinity.current();
            MemorySegment word = Arena.global().allocate(8, 8);
            Thread.ofPlatform().start(() -> {
                Affinity.set(0, CpuSet.of(all.stream().max().orElseThrow()));
                NativeThread.start(function("wait_for_word"), word).onExit(); // so that the watcher doesn't end
                NativeThread.start(function("identity"), 1).onExit().join();
            }).join();
            System.out.print(Affinity.get(Tasks.named("linen-watcher").orElseThrow()).equals(all));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void watcher_createdByAPinnedThread_mayRunOnAllCpus() {
        ChildJvm.Result result = ChildJvm.of(CreatedByAPinnedThread.class).run();
        assertEquals("true", result.out(), result::toString);
    }
}
