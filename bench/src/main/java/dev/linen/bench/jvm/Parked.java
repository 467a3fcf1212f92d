package dev.linen.bench.jvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

import dev.linen.thread.NativeThread;
import dev.linen.thread.StackPool;

/** {@code Parked linen|Thread THREADS}: what a sleeping thread costs in memory; {@code parked.c} tells of pthreads. In bytes. */
public final class Parked {

    private static final int WARM_UP = 1000;

    private Parked() {}

    public static void main(String... arguments) throws IOException, InterruptedException {
        String kind = arguments[0];
        int threads = Integer.parseInt(arguments[1]);
        Parking warmUp = Parking.of(kind, NativeThread.builder());
        warmUp.growTo(Math.min(threads, WARM_UP));
        warmUp.end();
        StackPool.shared().trim();
        memory();
        Parking parking = Parking.of(kind, NativeThread.builder());
        Map<String, Long> before = memory();
        parking.growTo(threads);
        Thread.sleep(100); // from the count to the futex
        Map<String, Long> after = memory();
        after.forEach((label, bytes) -> System.out.println(
                label + " " + (bytes - before.getOrDefault(label, 0L)) / (double) threads));
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, Long> memory() throws IOException {
        System.gc();
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
