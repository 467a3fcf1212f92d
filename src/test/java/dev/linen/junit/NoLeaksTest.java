package dev.linen.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;
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

        /** So many that the JVM reserves more memory for class data, of which it has 64 MiB at first. */
        @Test
        void manyClasses() throws Exception {
            try (InputStream in = Objects.requireNonNull(
                    NoLeaksTest.class.getResourceAsStream("NoLeaksTest.class"))) {
                byte[] bytes = in.readAllBytes();
                MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(NoLeaksTest.class, MethodHandles.lookup());
                for (int i = 0; i < 12_000; i++) {
                    KEPT[1] = lookup.defineHiddenClass(bytes, /* initialize */ false).lookupClass();
                }
            }
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
        assertPrints(
                "{busy=passed, closed=passed, endsALittleLater=passed, malloced=passed, manyClasses=passed, "
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
            // So large that libc has no stack of an ended thread for it.
            Thread parked = Thread.ofPlatform().daemon().name("forgotten").stackSize(3 << 20).start(() -> {
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
        assertFindsOneOfEach(run(Leaking.class));
    }

    private static void assertFindsOneOfEach(String failure) {
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

    /** Each leak looks like something of the JVM's or libc's: only its maker differs. */
    static final class LookingLikeTheJvms {

        private static final List<Object> LEFT = new ArrayList<>();

        private static void leak(long bytes, Protection protection) {
            LEFT.add(Mapping.anonymous(bytes, protection, MapFlags.PRIVATE));
        }

        private static void park(String name) {
            LEFT.add(Thread.ofPlatform().daemon().name(name).start(() -> {
                while (true) {
                    LockSupport.park();
                }
            }));
        }

        private static void print(int expected, Runnable leaking) throws InterruptedException {
            ProcessSnapshot before = ProcessSnapshot.now();
            leaking.run();
            NoLeaksExtension.leaksSince(before, Long.MAX_VALUE, lines -> lines.size() == expected).stream()
                    .map(line -> line.replaceFirst("(?<=: )[0-9a-f]+-[0-9a-f]+", "ADDRESSES")
                            .replaceFirst("(?<=: )#?[0-9]+", "N"))
                    .sorted().forEach(System.out::println);
            System.out.println();
        }

        @SuppressWarnings("resource")
        private static void open(String path) {
            try {
                LEFT.add(Files.newInputStream(Path.of(path)));
            } catch (IOException missing) {
                throw new AssertionError(missing);
            }
        }

        /** The class loader keeps the jar open. */
        private static void loadClassOfAnotherJar() {
            try {
                LEFT.add(Class.forName("com.tngtech.archunit.ArchConfiguration", false,
                        NoLeaksTest.class.getClassLoader()));
            } catch (ClassNotFoundException missing) {
                throw new AssertionError(missing);
            }
        }

        @SuppressWarnings("resource")
        public static void main(String... arguments) throws Exception {
            WarmUp.once();
            print(0, LookingLikeTheJvms::loadClassOfAnotherJar);
            print(4, () -> {
                leak(5 << 16, Protection.READ_WRITE);
                park("parked");
                leak(7 << 16, Protection.READ); // the kernel doesn't merge it with the first
                MemorySegment word = Arena.global().allocate(8, 8);
                LEFT.add(NativeThread.builder().name("waiting").start(TestFunctions.function("wait_for_word"), word));
            });
            print(1, () -> leak(64 << 20, Protection.READ_WRITE)); // an arena
            print(1, () -> leak(1 << 20, Protection.READ_WRITE)); // a stack
            print(1, () -> leak(100 << 20, Protection.READ_WRITE));
            print(1, () -> leak(9 << 16, Protection.READ_EXEC));
            print(1, () -> LEFT.add(Mapping.file(TestFunctions.path("functions"), Protection.READ_EXEC,
                    MapFlags.PRIVATE)));
            print(3, () -> List.of("GC Thread#9", "ForkJoinPool-1-worker-9", "linen-watcher")
                    .forEach(LookingLikeTheJvms::park));
            print(1, () -> Thread.ofVirtual().name("virtually there").start(LockSupport::park));
            print(3, () -> {
                open(System.getProperty("java.home") + "/release");
                open("/dev/urandom");
                open(arguments[0]);
            });
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void test_leakLooksLikeTheJvms_isNamed() {
        String jar = Stream.of(System.getProperty("java.class.path"), System.getProperty("jdk.module.path", ""))
                .flatMap(path -> Stream.of(path.split(":", -1))).filter(element -> element.endsWith(".jar"))
                .findFirst().orElseThrow();
        Path library = TestFunctions.path("functions");
        String expected = """

                a mapping: ADDRESSES, %d bytes, PROT_READ|PROT_WRITE
                a mapping: ADDRESSES, %d bytes, PROT_READ
                a thread: N (parked)
                a thread: N (waiting)

                a mapping: ADDRESSES, 67108864 bytes, PROT_READ|PROT_WRITE

                a mapping: ADDRESSES, 1048576 bytes, PROT_READ|PROT_WRITE

                a mapping: ADDRESSES, 104857600 bytes, PROT_READ|PROT_WRITE

                a mapping: ADDRESSES, %d bytes, PROT_READ|PROT_EXEC

                a mapping: ADDRESSES, %d bytes, PROT_READ|PROT_EXEC, %s

                a thread: N (ForkJoinPool-1-worker-9)
                a thread: N (GC Thread#9)
                a thread: N (linen-watcher)

                a virtual thread: N (virtually there)

                """.formatted(5 << 16, 7 << 16, 9 << 16, pages(library.toFile().length()), library)
                + Stream.of(System.getProperty("java.home") + "/release", "/dev/urandom", jar)
                        .map(file -> "an open file: N -> " + file + "\n").sorted().collect(Collectors.joining())
                + "\n";
        ChildJvm.Result result = ChildJvm.of(LookingLikeTheJvms.class).onClassPath()
                .flags("--enable-native-access=ALL-UNNAMED").run(jar);
        assertEquals(expected, result.out(), result::toString);
    }

    private static long pages(long bytes) {
        return Math.ceilDiv(bytes, Mapping.pageSize()) * Mapping.pageSize();
    }

    /** HotSpot then gives each stack a guard of its own, beside libc's. */
    @Test
    void test_hugePagesAreAlwaysUsed_findsTheSame() {
        String[] wrapper = {"unshare", "-m", "sh", "-c", "f=$(mktemp) && echo '[always] madvise never' > $f && "
                + "mount --bind $f /sys/kernel/mm/transparent_hugepage/enabled && rm $f && exec \"$@\"", "sh"};
        Skip.unlessWorks(wrapper);
        assertFindsOneOfEach(runIn(wrapper, Leaking.class));
    }

    @Test
    void test_processVmReadvIsRefused_findsTheSame() {
        String name = Leaking.class.getName();
        assertFindsOneOfEach(run(ChildJvm.of(() -> {
            FailingSyscall.of(SyscallNumber.PROCESS_VM_READV).with(Errno.EPERM);
            print(Class.forName(name));
        })));
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
        // Of larger pages, the JVM gives more back meanwhile.
        String least = Mapping.pageSize() == 4096 ? "4" : "3";
        assertTrue(failure.matches("(?s).*\n  resident memory: [" + least
                + "-9][0-9]{7} bytes more than before, of 31457280 allowed}\n?"), failure);
    }

    private static void assertPrints(String expected, Class<?> tests) {
        assertEquals(expected, run(tests).strip());
    }

    private static String run(Class<?> tests) {
        return runIn(new String[0], tests);
    }

    private static String runIn(String[] wrapper, Class<?> tests) {
        String name = tests.getName();
        return run(ChildJvm.of(() -> print(Class.forName(name))).wrappedIn(wrapper));
    }

    static void print(Class<?> tests) {
        System.out.println(TestKit.run(tests));
        System.out.flush();
        Runtime.getRuntime().halt(0); // even if threads are still running
    }

    private static String run(ChildJvm jvm) {
        // on the class path, because the test kit needs packages that JUnit's platform exports to its own modules only
        ChildJvm.Result child = jvm.onClassPath()
                .flags("--enable-native-access=ALL-UNNAMED", "-Xmx256m", "-Xms256m", "-XX:+AlwaysPreTouch",
                        "-Djava.util.concurrent.ForkJoinPool.common.parallelism=8")
                .run();
        assertEquals(0, child.exitStatus(), child::toString);
        return child.out();
    }
}
