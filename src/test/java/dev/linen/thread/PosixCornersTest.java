package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Guards;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;
import dev.linen.testing.Tasks;
import dev.linen.thread.NativeThread.Kind;

/**
 * Corner cases of threads that libc creates: the stack after Java has run on it, a thousand ends at once, small stacks.
 */
class PosixCornersTest {

    private static NativeThreadBuilder posix() {
        return NativeThread.builder().kind(Kind.POSIX);
    }

    /** When a thread detaches from it, HotSpot leaves the lowest pages of the stack PROT_NONE. */
    static final class AfterJava {
        public static void main(String... arguments) throws Exception {
            StackPool pool = StackPool.bounded(64 << 20);
            try (Arena arena = Arena.ofShared()) {
                NativeFunction inJava = NativeFunction.ofJava(n -> n, arena);
                try (NativeThread thread = posix().pool(pool).start(inJava, 1)) {
                    thread.join();
                    if (arguments[0].equals("read")) {
                        System.out.print(thread.stack().stack().get(JAVA_BYTE, 0));
                    }
                }
                if (arguments[0].equals("use")) {
                    long bytes = StackGeometry.DEFAULT_STACK_BYTES - 8192;
                    try (NativeThread next = NativeThread.builder().pool(pool).start(function("use_stack"), bytes)) {
                        System.out.print(next.join() == bytes ? 0 : 1);
                    }
                }
            }
        }
    }

    @Test
    void stack_javaRanOnIt_canBeReadFromItsLowestByte() {
        ChildJvm.Result result = ChildJvm.of(AfterJava.class).run("read");
        assertEquals("0", result.out(), result::toString);
    }

    @Test
    void stack_javaRanOnIt_canBeUsedByTheNextThread() {
        ChildJvm.Result result = ChildJvm.of(AfterJava.class).run("use");
        assertEquals("0", result.out(), result::toString);
    }

    /** The kernel refuses to make a stack accessible, or to lock it, after its thread has ended. */
    static final class RestoreRefused {
        /** Only the calls for such stacks have this number. */
        private static final long STACK_BYTES = (1 << 20) + 37 * Mapping.pageSize();

        /** The watcher is created by this thread and inherits its filter; {@code unfiltered} was created before. */
        private static void run(ExecutorService unfiltered, NativeThreadBuilder builder, FailingSyscall call)
                throws Exception {
            MemorySegment word = Arena.global().allocate(8, 8);
            NativeFunction wait = function("wait_for_word");
            NativeThread neighbour = unfiltered.submit(() -> builder.kind(Kind.CLONE).start(wait, word)).get();
            call.with(Errno.ENOMEM);
            CompletableFuture<Long> end = NativeThread.start(wait, word).onExit();

            builder.kind(Kind.POSIX);
            NativeFunction inJava = NativeFunction.ofJava(n -> n, Arena.global());
            try (NativeThread thread = unfiltered.submit(() -> builder.start(inJava, 7)).get()) {
                System.out.print(thread.join());
            }
            try (NativeThread next = builder.start(function("identity"), 1)) {
                System.out.print(", started " + next.join());
            } catch (SyscallException refused) {
                System.out.print(", " + refused.call() + " " + refused.errno());
            }
            long bytes = STACK_BYTES - (16 << 10);
            try (NativeThread next = unfiltered.submit(() -> builder.start(function("use_stack"), bytes)).get()) {
                System.out.print(next.join() == bytes ? ", used" : ", wrong");
            }
            Futex futex = Futex.ofShared(word);
            futex.set(1);
            futex.wakeAll();
            System.out.print(", " + end.get(5, TimeUnit.MINUTES));
            neighbour.close();
        }

        public static void main(String... arguments) throws Exception {
            ExecutorService unfiltered = Executors.newSingleThreadExecutor();
            NativeThreadBuilder builder = NativeThread.builder().pool(StackPool.bounded(64 << 20))
                    .stackSize(STACK_BYTES);
            if (arguments[0].equals("mlock")) {
                run(unfiltered, builder.locked(), FailingSyscall.of(SyscallNumber.MLOCK).whenArgument(1, STACK_BYTES));
            } else {
                run(unfiltered, builder, FailingSyscall.of(SyscallNumber.MPROTECT).whenArgument(1, STACK_BYTES)
                        .whenArgument(2, Protection.READ_WRITE.bits()));
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mprotect", "mlock"})
    void stack_cannotBeRestored_isUsedAgainOnlyWhenItCan(String call) throws IOException {
        if (call.equals("mlock")) {
            Skip.unlessMayLockMemory();
        } else {
            Skip.unless(Guards.areMarks(), "needs Linux 6.13 or newer: before, each start makes the same call");
        }
        ChildJvm.Result result = ChildJvm.of(RestoreRefused.class).run(call);
        assertEquals("7, " + call + " ENOMEM, used, 1", result.out(), result::toString);
    }

    /**
     * The end of a thread may be seen between reading the list and pthread_tryjoin. Its slot must not be unmapped while
     * its address is on the list, because the watcher reads it there.
     */
    static final class ManyEndAtOnce {
        private static final int MANY = 1000;

        public static void main(String... arguments) throws Exception {
            NativeThreadBuilder builder = posix().pool(StackPool.bounded(0)).stackSize(40L << 20);
            NativeFunction wait = function("wait_for_word");
            for (int round = 0; round < 10; round++) {
                try (Arena arena = Arena.ofShared()) {
                    MemorySegment word = arena.allocate(8, 8);
                    List<CompletableFuture<Long>> exits = new ArrayList<>();
                    int last = 0;
                    for (int i = 0; i < MANY; i++) {
                        NativeThread thread = builder.start(wait, word);
                        last = thread.tid();
                        exits.add(thread.onExit());
                        thread.detach();
                    }
                    Sleepers.awaitAsleepIn(last, SyscallNumber.FUTEX);
                    Futex futex = Futex.ofShared(word);
                    futex.set(1);
                    futex.wakeAll();
                    for (CompletableFuture<Long> exit : exits) {
                        exit.get(5, TimeUnit.MINUTES);
                    }
                }
            }
            System.out.print("works");
        }
    }

    @Test
    void onExit_thousandEndAtOnce_allComplete() {
        ChildJvm.Result result = ChildJvm.of(ManyEndAtOnce.class).run();
        assertEquals("works", result.out(), result::toString);
    }

    /**
     * There is one sweep each second, so two sleeps take long; on a slow machine they take longer. The first ones may
     * be short, because of the start.
     */
    @Test
    void watcher_watchedThreadRuns_sleeps() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8, 8);
            try (NativeThread thread = posix().start(function("wait_for_word"), word)) {
                thread.onExit();
                long nanos = 0;
                for (int round = 0; round < 10 && nanos < TimeUnit.MILLISECONDS.toNanos(500); round++) {
                    long begin = System.nanoTime();
                    long before = watchersSleeps();
                    while (watchersSleeps() < before + 2) {
                        Thread.sleep(1);
                    }
                    nanos = System.nanoTime() - begin;
                }
                Futex futex = Futex.ofShared(word);
                futex.set(1);
                futex.wakeAll();
                long took = nanos;
                assertTrue(took >= TimeUnit.MILLISECONDS.toNanos(500), () -> "two sleeps take " + took + " ns");
            }
        }
    }

    private static long watchersSleeps() throws Exception {
        return Tasks.read(Tasks.named("linen-watcher").orElseThrow(), "status").lines()
                .filter(line -> line.startsWith("voluntary"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst().orElseThrow();
    }

    static final class HandlerThrows {
        public static void main(String... arguments) throws Exception {
            Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
                throw new IllegalStateException("of the handler");
            });
            try (Arena arena = Arena.ofShared()) {
                NativeFunction throwing = NativeFunction.ofJava(n -> Math.floorDiv(1, 0L), arena);
                try (NativeThread thread = posix().start(throwing, 1)) {
                    System.out.print(thread.join());
                }
            }
        }
    }

    @Test
    void ofJava_theHandlerThrowsToo_theJvmContinues() {
        ChildJvm.Result result = ChildJvm.of(HandlerThrows.class).run();
        assertEquals("0", result.out(), result::toString);
    }

    static final class SmallStack {
        public static void main(String... arguments) throws Exception {
            try (Arena arena = Arena.ofShared()) {
                NativeFunction inJava = NativeFunction.ofJava(n -> n, arena);
                try (NativeThread thread = posix().stackSize(PosixThread.leastStackBytes()).start(inJava, 1)) {
                    System.out.print(thread.join());
                } catch (IllegalArgumentException refused) {
                    System.out.print("refused");
                }
            }
        }
    }

    @Test
    void ofJava_stackTooSmallForTheJvm_isRefused() {
        ChildJvm.Result result = ChildJvm.of(SmallStack.class).run();
        assertEquals("refused", result.out(), result::toString);
    }
}
