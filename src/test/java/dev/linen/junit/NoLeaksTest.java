package dev.linen.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

/** Each run is in its own JVM, because a leak can't be undone and would affect other tests. */
class NoLeaksTest {

    private static final Path FILE = Path.of("README.md");

    /** Keeps objects reachable, so that no garbage collection closes them. */
    @SuppressWarnings("MutablePublicArray")
    static final Object[] KEPT = new Object[2];

    @NoLeaks
    static final class Clean {

        private static final CountDownLatch LATCH = new CountDownLatch(1);

        @Test
        void nothing() {}

        @Test
        void closed() throws Exception {
            try (Mapping mapping = Mapping.anonymous(1 << 20);
                    InputStream in = Files.newInputStream(FILE);
                    NativeThread one = NativeThread.start(TestFunctions.function("identity"), 1);
                    NativeThread two = NativeThread.start(TestFunctions.function("identity"), 2)) {
                mapping.segment().fill((byte) in.read());
                assertEquals(3, one.join() + two.join());
            }
        }

        @Test
        void endsALittleLater() {
            Thread.ofPlatform().daemon().name("late").start(() -> {
                try {
                    TimeUnit.MILLISECONDS.sleep(200);
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        /**
         * A large malloc chunk is a mapping of its own. It isn't freed here; only the limit for resident memory can
         * detect it.
         */
        @Test
        void malloced() {
            KEPT[0] = Arena.global().allocate(40 << 20);
        }

        /** linen has a slab of almost 64 MiB for each stack size, and keeps some of them. */
        @Test
        void stackOfASizeOfItsOwn() throws Exception {
            for (int pages = 1; pages < 4; pages++) {
                try (NativeThread thread = NativeThread.builder().stackSize((3 << 20) + pages * Mapping.pageSize())
                        .start(TestFunctions.function("identity"), pages)) {
                    assertEquals(pages, thread.join());
                }
            }
        }

        /**
         * Resources of the JDK: it keeps the threads for a minute, and the files and a socket for the life of the
         * process.
         */
        @Test
        void poolPipeAndRandomNumbers() throws Exception {
            Pipe pipe = Pipe.open();
            pipe.source().close();
            pipe.sink().close();
            assertEquals(45, IntStream.range(0, 10).parallel().sum());
            assertEquals(1, new SecureRandom().generateSeed(1).length);
        }

        /** Activity of the JVM itself: threads, arenas, compilers, garbage. */
        @Test
        void busy() throws Exception {
            List<Thread> threads = IntStream.range(0, 50)
                    .mapToObj(i -> Thread.ofPlatform().start(() -> {
                        StringBuilder text = new StringBuilder();
                        for (int n = 0; n < 100_000; n++) {
                            text.append(n % 10);
                        }
                        KEPT[1] = text.toString();
                    })).toList();
            for (Thread thread : threads) {
                thread.join();
            }
            Thread.ofVirtual().start(LATCH::countDown);
            LATCH.await();
            Process process = new ProcessBuilder("true").start();
            process.waitFor();
            process.getInputStream().close();
            process.getErrorStream().close();
            process.getOutputStream().close();
        }
    }

    @Test
    void tests_thatLeaveNothing_pass() {
        assertPrints("{busy=passed, closed=passed, endsALittleLater=passed, malloced=passed, "
                + "nothing=passed, poolPipeAndRandomNumbers=passed, stackOfASizeOfItsOwn=passed}",
                Clean.class);
    }

    static final class Leaking {

        @Test
        @NoLeaks
        @SuppressWarnings("resource")
        void everything() throws Exception {
            NativeFunction waiting = TestFunctions.function("wait_for_word");
            // Read-only, so that the kernel doesn't merge it with an adjacent mapping.
            Mapping mapping = Mapping.anonymous(5 << 16, Protection.READ, MapFlags.PRIVATE);
            InputStream in = Files.newInputStream(FILE);
            Thread parked = Thread.ofPlatform().daemon().name("forgotten").start(() -> {
                while (true) {
                    LockSupport.park();
                }
            });
            MemorySegment word = Arena.global().allocate(8, 8);
            NativeThread running = NativeThread.builder().name("running").start(waiting, word);
            KEPT[0] = List.of(mapping, in, parked, running, Futex.ofShared(word));
        }
    }

    @Test
    void test_thatLeavesOneOfEach_failsAndNamesThem() {
        String failure = run(Leaking.class);
        List<String> lines = failure.lines().toList();
        assertEquals("{everything=failed: the test left these resources behind:", lines.getFirst());
        assertTrue(
                failure.matches("(?s).*\n  a mapping: [0-9a-f]+-[0-9a-f]+, 327680 bytes, PROT_READ\n.*"),
                failure);
        assertTrue(failure.matches("(?s).*\n  a thread: [0-9]+ \\(forgotten\\)\n.*"), failure);
        assertTrue(failure.matches("(?s).*\n  a thread: [0-9]+ \\(running\\)\n.*"), failure);
        assertTrue(failure.matches("(?s).*\n  an open file: [0-9]+ -> /[^\n]*/README.md}\n?"), failure);
        assertEquals(5, lines.size(), failure);
    }

    static final class Growing {

        private static final List<InputStream> FILES = new ArrayList<>();

        @AfterEach
        void leakFile() throws IOException {
            FILES.add(Files.newInputStream(FILE));
        }

        @BeforeEach
        @SuppressWarnings("resource")
        void leakMemory() {
            KEPT[1] = Arena.global().allocate(40 << 20).fill((byte) 1);
        }

        @Test
        @NoLeaks(residentBytes = 30 << 20)
        void much() {}

        @Test
        @NoLeaks
        void failing() {
            throw new AssertionError("its own reason");
        }
    }

    @Test
    void test_growingBeforeAndAfter_fails() {
        String failure = run(Growing.class);
        assertEquals(3, failure.lines().count(), failure);
        assertTrue(
                failure.startsWith(
                        "{failing=failed: its own reason, much=failed: the test left these resources behind:\n"),
                failure);
        assertTrue(failure.matches("(?s).*\n  an open file: [0-9]+ -> /[^\n]*/README.md\n.*"), failure);
        assertTrue(failure.matches(
                "(?s).*\n  resident memory: [45][0-9]{7} bytes more than before, of 31457280 allowed}\n?"), failure);
    }

    private static void assertPrints(String expected, Class<?> tests) {
        assertEquals(expected, run(tests).strip());
    }

    private static String run(Class<?> tests) {
        String name = tests.getName();
        ChildJvm.Result child = ChildJvm.of(() -> {
            Map<String, String> results = TestKit.run(Class.forName(name));
            System.out.println(results);
            System.out.flush();
            Runtime.getRuntime().halt(0); // even if threads are still running
        }).onClassPath() // the test kit needs packages that JUnit's platform exports to its own modules only
                .flags("--enable-native-access=ALL-UNNAMED", "-Xmx256m", "-Xms256m", "-XX:+AlwaysPreTouch").run();
        assertEquals(0, child.exitStatus(), child::toString);
        return child.out();
    }
}
