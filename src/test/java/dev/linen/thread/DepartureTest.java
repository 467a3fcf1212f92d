package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import dev.linen.futex.Futex;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.Faults;
import dev.linen.testing.Garbage;

/** What is done when a thread leaves depends on the kernel and on linen's own threads only. */
class DepartureTest {

    private static void exit() {
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    /** After this, nothing is asked of linen. */
    static final class NothingElse {
        public static void main(String... arguments) throws Exception {
            ByteArrayOutputStream logged = new ByteArrayOutputStream();
            System.setErr(new PrintStream(logged, /* autoFlush */ true));
            Arena owned = Arena.ofShared();
            NativeThread.builder().startOwning(owned, function("sleep_millis"), MemorySegment.ofAddress(20)).detach();
            NativeThread.start(Faults.faulty("write_byte"), 8).detach();
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
            while ((owned.scope().isAlive() || !logged.toString().contains("NULL + 0x8"))
                    && System.nanoTime() < deadline) {
                Thread.sleep(1);
            }
            System.out.print(owned.scope().isAlive() ? "the arena is open" : "closed");
            System.out.print(logged.toString().contains("NULL + 0x8") ? ", logged" : ", not logged");
            exit();
        }
    }

    @Test
    void detach_nothingElseIsCalled_closesTheArenaAndReportsTheFault() {
        ChildJvm.Result result = ChildJvm.of(NothingElse.class).run();
        assertEquals("closed, logged", result.out(), result::toString);
    }

    /** A clean-up action of a user blocks. */
    static final class CleanupBlocks {
        private static final CountDownLatch NEVER = new CountDownLatch(1);
        private static final AtomicInteger CLOSED = new AtomicInteger();

        private static void forget(Runnable cleanup) throws InterruptedException {
            NativeThread thread = NativeThread.builder().start(function("sleep_millis"), arena -> {
                MemorySegment.ofAddress(0x1000).reinterpret(8, arena, freed -> cleanup.run());
                return MemorySegment.ofAddress(0);
            });
            thread.join();
            Reference.reachabilityFence(thread);
        }

        private static void block() {
            try {
                NEVER.await();
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        }

        public static void main(String... arguments) throws Exception {
            forget(CleanupBlocks::block);
            for (int i = 0; i < 20; i++) {
                forget(CLOSED::incrementAndGet);
            }
            for (int i = 0; i < 1000 && CLOSED.get() < 20; i++) {
                Garbage.collect();
            }
            System.out.print(CLOSED.get());
            exit();
        }
    }

    @Test
    void forgotten_cleanupOfOneBlocks_othersAreClosed() {
        assertEquals("20", ChildJvm.of(CleanupBlocks.class).run().out());
    }

    /** While the fault of a thread with a huge stack is reported, others start: the report waits for them. */
    static final class HugeStack extends OutputStream {
        private static final CountDownLatch REPORTED = new CountDownLatch(1);
        private static final CountDownLatch STARTED = new CountDownLatch(3);

        @Override
        public void write(int firstByteOfTheReport) {
            REPORTED.countDown();
            try {
                STARTED.await(5, TimeUnit.MINUTES);
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
            System.out.print(STARTED.getCount() == 0 ? "started meanwhile" : "not started: " + STARTED.getCount());
            exit();
        }

        private static void start() {
            for (int i = 0; i < 50; i++) {
                NativeThread.start(function("identity"), 1).close();
            }
            STARTED.countDown();
        }

        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 1).close();
            System.setErr(new PrintStream(new HugeStack()));
            Thread.ofPlatform().start(() -> NativeThread.builder().stackSize(1L << 40)
                    .start(Faults.faulty("write_byte"), 8).detach());
            REPORTED.await();
            for (int i = 0; i < 3; i++) {
                Thread.ofPlatform().start(HugeStack::start);
            }
        }
    }

    @Test
    void detach_faultOnAHugeStack_othersStartMeanwhile() {
        ChildJvm.Result result = ChildJvm.of(HugeStack.class).run();
        assertEquals("started meanwhile", result.out(), result::toString);
    }

    /** The configuration of a logger needs a native thread. */
    public static final class Config {
        private static volatile boolean wanted;
        private static final CompletableFuture<String> OUTCOME = new CompletableFuture<>();

        public Config() throws InterruptedException {
            if (wanted) {
                Thread helper = Thread.ofPlatform().daemon()
                        .start(() -> NativeThread.start(function("identity"), 1).close());
                helper.join(60_000);
                OUTCOME.complete(helper.isAlive() ? "the start hangs" : "started");
            }
        }
    }

    static final class LoggerNeedsAThread {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 1).close();
            Config.wanted = true;
            NativeThread.start(Faults.faulty("write_byte"), 8).detach();
            for (int i = 0; i < 20_000 && !Config.OUTCOME.isDone(); i++) {
                NativeThread.start(function("identity"), 1).close();
                Thread.sleep(1);
            }
            System.out.print(Config.OUTCOME.getNow("the logger isn't configured"));
            exit();
        }
    }

    @Test
    void detach_loggerNeedsANativeThread_isConfigured() {
        ChildJvm.Result result = ChildJvm.of(LoggerNeedsAThread.class)
                .flags("-Djava.util.logging.config.class=" + Config.class.getName()).run();
        assertEquals("started", result.out(), result::toString);
    }

    /** All carriers of virtual threads are blocked in native calls. */
    static final class NoCarrier {
        public static void main(String... arguments) throws Exception {
            try (Arena arena = Arena.ofShared()) {
                Futex futex = Futex.ofPrivate(arena.allocate(4, 4));
                List<Thread> blocked = new ArrayList<>();
                for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
                    blocked.add(Thread.startVirtualThread(() -> {
                        while (futex.value() == 0) {
                            futex.await(0);
                        }
                    }));
                }
                Thread closer = Thread.ofPlatform().daemon().start(() -> {
                    for (int i = 0; i < 50; i++) {
                        NativeThread thread = NativeThread.start(function("sleep_millis"), 15);
                        thread.onExit().join();
                        thread.close();
                    }
                });
                closer.join(30_000);
                System.out.print(closer.isAlive() ? "hangs" : "closed");
                futex.set(1);
                futex.wakeAll();
                for (Thread each : blocked) {
                    each.join();
                }
            }
            exit();
        }
    }

    @Test
    void close_allCarriersAreBlocked_returns() {
        assertEquals("closed", ChildJvm.of(NoCarrier.class).run().out());
    }

    /** Standard error of a process whose logger overflows its stack each time, because of its output. */
    static final class Overflowing extends OutputStream {
        private static final AtomicInteger LOGGED = new AtomicInteger();

        @Override
        public void write(int someByte) {
            if (StackWalker.getInstance().walk(all -> all.anyMatch(frame -> frame.getClassName().startsWith(
                    "java.util.logging.")))) {
                LOGGED.incrementAndGet();
            }
            throw new StackOverflowError("of the logger");
        }

        /** The property has a value that it can't have, which is logged at the first start. */
        public static void main(String... arguments) throws Exception {
            System.setErr(new PrintStream(new Overflowing()));
            NativeThread.start(function("identity"), 1).close();
            HelpersEnd.main();
        }
    }

    @Test
    void start_loggerOverflowsItsStack_isCalledOnce() {
        ChildJvm.Result result = ChildJvm.of(Overflowing.class).flags("-Ddev.linen.faults=unknown").run();
        assertEquals("none, logged 1", result.out(), result::toString);
    }

    /** linen's threads end when there is nothing to do. */
    @Test
    void helpers_nothingLeft_end() throws Exception {
        ChildJvm.Result result = ChildJvm.of(HelpersEnd.class).run();
        assertTrue(result.out().endsWith("none"), result::toString);
    }

    static final class HelpersEnd {
        private static List<String> helpers() {
            return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                    .filter(name -> name.startsWith("linen-")).sorted().toList();
        }

        public static void main(String... arguments) throws Exception {
            try (NativeThread thread = NativeThread.start(function("sleep_millis"), 20)) {
                thread.onExit().join();
            }
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
            while (!helpers().isEmpty() && System.nanoTime() < deadline) {
                Thread.sleep(10);
            }
            System.out.print(helpers().isEmpty() ? "none" : helpers());
            System.out.print(Overflowing.LOGGED.get() == 0 ? "" : ", logged " + Overflowing.LOGGED);
            exit();
        }
    }
}
