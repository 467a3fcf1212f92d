package dev.linen.bench.jvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.linen.syscall.SyscallException;
import dev.linen.thread.NativeThread;

/**
 * {@code Many THREADS}: that many native threads alive at once, the mappings that each needs, and the time to end them.
 */
public final class Many {

    private Many() {}

    public static void main(String... arguments) throws IOException, InterruptedException {
        int threads = Integer.parseInt(arguments[0]);
        Parking.Linen parking = new Parking.Linen(NativeThread.builder().stackSize(64 << 10));
        parking.growTo(1);
        long mappings = mappings();
        long begin = System.nanoTime();
        try {
            parking.growTo(threads);
        } catch (SyscallException refused) {
            System.err.println(refused.getMessage());
        }
        long started = System.nanoTime();
        System.out.println("alive " + parking.size());
        System.out.println("mappings " + (mappings() - mappings) / (double) parking.size());
        System.out.println("start " + (started - begin));
        long end = System.nanoTime();
        parking.end();
        System.out.println("end " + (System.nanoTime() - end));
    }

    private static long mappings() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).size();
    }
}
