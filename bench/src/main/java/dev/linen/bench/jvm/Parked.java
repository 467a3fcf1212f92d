package dev.linen.bench.jvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

import dev.linen.thread.NativeThread;

/**
 * {@code Parked linen|Thread THREADS}: the memory that a sleeping thread uses, in bytes; {@code parked.c} does the same
 * with pthreads. Counted from a third of the threads to all of them, because the classes and compiled code that come
 * with the first threads don't belong to a single thread.
 */
public final class Parked {

    private static final int WARM_UPS = 5_000;

    private Parked() {}

    public static void main(String... arguments) throws IOException, InterruptedException {
        int threads = Integer.parseInt(arguments[1]);
        Parking parking = Parking.of(arguments[0], NativeThread.builder());
        for (int i = 0; i < WARM_UPS; i++) {
            parking.cycle();
        }
        parking.growTo(threads / 3);
        Map<String, Long> before = memory();
        parking.growTo(threads);
        Map<String, Long> after = memory();
        after.forEach((label, bytes) -> System.out.println(
                label + " " + (bytes - before.getOrDefault(label, 0L)) / (double) (threads - threads / 3)));
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, Long> memory() throws IOException, InterruptedException {
        System.gc();
        Thread.sleep(300); // until all sleep in the futex, and the kernel has cleaned up
        Map<String, Long> bytes = new TreeMap<>();
        bytes.put("rss", bytes("/proc/self/smaps_rollup", "Rss:"));
        bytes.put("pss", bytes("/proc/self/smaps_rollup", "Pss:"));
        bytes.put("tables", bytes("/proc/self/status", "VmPTE:"));
        bytes.put("heap", Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        return bytes;
    }

    private static long bytes(String file, String name) throws IOException {
        String line = Files.readAllLines(Path.of(file)).stream().filter(each -> each.startsWith(name)).findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
    }
}
