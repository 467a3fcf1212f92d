package dev.linen.junit;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import dev.linen.function.MachineCode;
import dev.linen.memory.Mapping;
import dev.linen.testing.Code;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThreadBuilder;

/** What a test may do without leaving anything behind: it makes the JVM, libc and linen map, start and open. */
final class RandomNoise {

    private static final Path FILE = Path.of("README.md");
    private static final int MOST_MALLOC = 20 << 20;

    private static final MethodHandle MALLOC = Linker.nativeLinker().downcallHandle(
            Linker.nativeLinker().defaultLookup().find("malloc").orElseThrow(),
            FunctionDescriptor.of(ADDRESS, JAVA_LONG));
    private static final MethodHandle FREE = Linker.nativeLinker().downcallHandle(
            Linker.nativeLinker().defaultLookup().find("free").orElseThrow(), FunctionDescriptor.ofVoid(ADDRESS));

    private final Random random;
    private final List<MemorySegment> malloced = new ArrayList<>();
    private int sum;

    /** Something harmless. */
    private interface Act {
        void run() throws Throwable;
    }

    RandomNoise(Random random) {
        this.random = random;
    }

    /** Returns the names of what it did. */
    List<String> make(int most) throws Throwable {
        List<String> done = new ArrayList<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            int act = random.nextInt(ACTS.size());
            done.add(ACTS.get(act));
            acts().get(act).run();
        }
        return done;
    }

    private static final List<String> ACTS = List.of("malloc", "malloc", "threads", "threads", "threads that go on",
            "classes", "hot code", "parallel", "virtual threads", "native threads", "machine code", "garbage", "files",
            "mapping", "mapping by the JDK", "sockets", "process", "random numbers");

    private List<Act> acts() {
        return List.of(this::mallocs, this::mallocs, () -> threads(true), () -> threads(true), () -> threads(false),
                this::classes, this::hotCode, this::parallel, this::virtualThreads, this::nativeThreads,
                this::machineCode, this::garbage, RandomNoise::files, this::mapping, RandomNoise::mappingOfTheJdk,
                RandomNoise::sockets, RandomNoise::process, RandomNoise::randomNumbers);
    }

    private void mallocs() throws Throwable {
        for (int i = random.nextInt(20); i > 0; i--) {
            long bytes = random.nextInt(4) == 0 ? random.nextInt(MOST_MALLOC) : random.nextInt(1 << 20);
            malloced.add((MemorySegment) MALLOC.invokeExact(bytes));
            malloced.getLast().reinterpret(bytes).asSlice(0, Math.min(bytes, 100)).fill((byte) 0);
        }
        while (malloced.size() > 20) {
            FREE.invokeExact(malloced.remove(random.nextInt(malloced.size())));
        }
    }

    private void threads(boolean joined) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = random.nextInt(20); i > 0; i--) {
            int seed = random.nextInt();
            long stackBytes = random.nextBoolean() ? 0 : random.nextInt(4 << 20);
            threads.add(new Thread(null, () -> {
                int[] garbage = new Random(seed).ints(10_000).sorted().toArray();
                deep(garbage[0] & 255);
                byte[] big = new byte[1 << 17];
                try (Arena arena = Arena.ofConfined()) {
                    arena.allocate(1 + (seed & 0xfffff)).fill(big[0]);
                }
            }, "noise", stackBytes));
        }
        threads.forEach(Thread::start);
        for (Thread thread : joined ? threads : List.<Thread>of()) {
            thread.join();
        }
    }

    private static int deep(int n) {
        return n == 0 ? 0 : deep(n - 1) + 1;
    }

    private void classes() throws ReflectiveOperationException, IOException {
        URL tests = RandomNoise.class.getProtectionDomain().getCodeSource().getLocation();
        URL linen = Mapping.class.getProtectionDomain().getCodeSource().getLocation();
        for (int i = random.nextInt(3); i > 0; i--) {
            try (URLClassLoader loader = new URLClassLoader(new URL[]{tests, linen}, null)) {
                for (String name : List.of("memory.MemoryMap", "junit.KernelVersion", "memory.Advice")) {
                    Class.forName("dev.linen." + name, true, loader);
                }
                Object proxy = Proxy.newProxyInstance(loader, new Class<?>[]{Runnable.class},
                        (self, method, a) -> null);
                ((Runnable) proxy).run();
            }
        }
    }

    /** A new class each time, so that it is compiled again. */
    private void hotCode() throws Throwable {
        for (int n = 0; n < 20_000; n++) {
            sum += IntStream.range(0, 10).map(i -> i * sum).sum();
        }
    }

    private void parallel() {
        sum += IntStream.range(0, 100_000).parallel().map(i -> i % 7).sum();
    }

    private void virtualThreads() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = random.nextInt(50); i > 0; i--) {
            threads.add(Thread.ofVirtual().name("noise-", i).start(Thread::yield));
        }
        for (Thread thread : random.nextBoolean() ? threads : List.<Thread>of()) {
            thread.join();
        }
    }

    private void nativeThreads() throws InterruptedException {
        for (int i = random.nextInt(10); i > 0; i--) {
            NativeThreadBuilder builder = NativeThread.builder()
                    .kind(random.nextBoolean() ? NativeThread.Kind.CLONE : NativeThread.Kind.POSIX)
                    .stackSize((256 << 10) + random.nextInt(300) * Mapping.pageSize());
            if (random.nextInt(3) == 0) {
                builder.start(TestFunctions.function("identity"), i).detach();
            } else {
                try (NativeThread thread = builder.start(TestFunctions.function("identity"), i)) {
                    thread.join();
                }
            }
        }
    }

    /** mov $N,%eax; ret. */
    private void machineCode() {
        int n = random.nextInt(10);
        MachineCode.of(Code.returning(n));
    }

    private void garbage() {
        byte[][] arrays = new byte[random.nextInt(64)][];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = new byte[random.nextInt(1 << 20)];
        }
        if (random.nextInt(4) == 0) {
            System.gc();
        }
    }

    private static void files() throws IOException {
        Pipe pipe = Pipe.open();
        pipe.source().close();
        pipe.sink().close();
        try (InputStream in = Files.newInputStream(FILE)) {
            in.read();
        }
    }

    private void mapping() {
        try (Mapping mapping = Mapping.anonymous((1 + random.nextInt(3000)) * Mapping.pageSize())) {
            mapping.segment().fill((byte) 1);
        }
    }

    /** The second one is unmapped by a garbage collection. */
    private static void mappingOfTheJdk() throws IOException {
        try (FileChannel file = FileChannel.open(FILE); Arena arena = Arena.ofShared()) {
            file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
        }
    }

    private static void sockets() throws IOException, InterruptedException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread client = Thread.ofVirtual().start(() -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    socket.getInputStream().read();
                } catch (IOException closed) {
                    throw new AssertionError(closed);
                }
            });
            server.accept().close();
            client.join();
        }
    }

    private static void process() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        process.getInputStream().close();
        process.getErrorStream().close();
        process.getOutputStream().close();
    }

    private static void randomNumbers() {
        new SecureRandom().nextInt();
    }
}
