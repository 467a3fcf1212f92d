package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.junit.ChildJvm;
import dev.linen.syscall.SyscallNumber;
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

    /**
     * The end of a thread may be seen between reading the list and pthread_tryjoin. Its slot must not be unmapped while
     * its address is on the list, because the watcher reads it there.
     */
    static final class ManyEndAtOnce {
        private static final int MANY = 1000;

        public static void main(String... arguments) throws Exception {
            NativeThreadBuilder builder = posix().pool(StackPool.bounded(0)).stackSize(40L << 20);
            for (int round = 0; round < 10; round++) {
                try (Arena arena = Arena.ofShared()) {
                    MemorySegment word = arena.allocate(8, 8);
                    List<CompletableFuture<Long>> exits = new ArrayList<>();
                    int last = 0;
                    for (int i = 0; i < MANY; i++) {
                        NativeThread thread = builder.start(function("wait_for_word"), word);
                        last = thread.tid();
                        exits.add(thread.onExit());
                        thread.detach();
                    }
                    Sleepers.awaitAsleepIn(last, SyscallNumber.FUTEX);
                    Futex futex = Futex.ofShared(word);
                    futex.set(1);
                    futex.wakeAll();
                    for (CompletableFuture<Long> exit : exits) {
                        exit.get(60, TimeUnit.SECONDS);
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
                try (NativeThread thread = posix().stackSize(64 << 10).start(inJava, 1)) {
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
