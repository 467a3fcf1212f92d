package dev.linen.bench.jvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import dev.linen.function.NativeFunction;
import dev.linen.memory.Mapping;
import dev.linen.thread.NativeThread;

/**
 * {@code Leaks CYCLES SECONDS}: the resources of the process before and after that many threads, one after the other,
 * or as many as it can run in that time.
 */
public final class Leaks {

    private static final NativeFunction IDENTITY = Functions.identity();

    /** Enough for all code to be compiled. */
    private static final int WARM_UPS = 20_000;

    private Leaks() {}

    public static void main(String... arguments) throws IOException, InterruptedException {
        cycles(WARM_UPS, Long.MAX_VALUE);
        snapshot(); // the first one loads classes and, for the pauses, starts threads, which stay
        cycles(WARM_UPS, Long.MAX_VALUE);
        Map<String, Long> before = snapshot();
        long nanos = TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[1]));
        System.out.println("cycles " + cycles(Long.parseLong(arguments[0]), nanos));
        before.forEach((what, many) -> System.out.println("before-" + what + " " + many));
        snapshot().forEach((what, many) -> System.out.println("after-" + what + " " + many));
    }

    private static long cycles(long most, long nanos) throws InterruptedException {
        long begin = System.nanoTime();
        long cycles = 0;
        while (cycles < most && System.nanoTime() - begin < nanos) {
            try (NativeThread thread = NativeThread.start(IDENTITY, 1)) {
                thread.join();
            }
            cycles++;
        }
        return cycles;
    }

    private static Map<String, Long> snapshot() throws IOException, InterruptedException {
        System.gc();
        TimeUnit.MILLISECONDS.sleep(300); // until the kernel has cleaned up after the ended threads
        return Map.of("vmas", (long) Files.readAllLines(Path.of("/proc/self/maps")).size(), "rss", residentBytes(),
                "tasks", entries("/proc/self/task"), "fds", entries("/proc/self/fd"));
    }

    private static long residentBytes() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * Mapping.pageSize();
    }

    private static long entries(String folder) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of(folder))) {
            return entries.count();
        }
    }
}
