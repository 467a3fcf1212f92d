package dev.linen.bench.jvm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import dev.linen.powercut.DiskModel;
import dev.linen.powercut.PowerCut;
import dev.linen.powercut.PowerCutReport;

/** States after a power cut that are tried in a second, with a log of 200 records of which each 10th is synced. */
public final class PowerCuts {

    private static final int RECORDS = 200;
    private static final int SYNC_EACH = 10;
    private static final int RECORD = 64;

    private static long recoveryNanos;

    private PowerCuts() {}

    public static void main(String... arguments) throws IOException {
        Path folder = Files.createTempDirectory("linen-bench-power-cut");
        PowerCut<Integer> run = PowerCut.record(folder, acks -> write(folder, acks::now));
        run.model(DiskModel.POSIX);
        measure(run); // once for the compiler
        recoveryNanos = 0;
        long start = System.nanoTime();
        int states = measure(run).states();
        long nanos = System.nanoTime() - start;
        System.out.println("states " + states * 1e9 / nanos);
        System.out.println("recovery " + recoveryNanos / states);
        Files.delete(folder.resolve("log"));
        Files.delete(folder);
    }

    private interface Acknowledging {
        void now(int records);
    }

    private static void write(Path folder, Acknowledging acks) throws IOException {
        try (FileChannel log = FileChannel.open(folder.resolve("log"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE); FileChannel directory = FileChannel.open(folder)) {
            directory.force(true);
            acks.now(0);
            for (int i = 1; i <= RECORDS; i++) {
                ByteBuffer record = ByteBuffer.allocate(RECORD);
                while (record.hasRemaining()) {
                    record.putInt(i);
                }
                log.write(record.flip());
                if (i % SYNC_EACH == 0) {
                    log.force(false);
                    acks.now(i);
                }
            }
        }
    }

    private static PowerCutReport measure(PowerCut<Integer> run) {
        return run.verify((copy, acked, next) -> {
            long start = System.nanoTime();
            int found = recover(copy.resolve("log"));
            recoveryNanos += System.nanoTime() - start;
            if (found < acked) {
                throw new AssertionError(found + " records");
            }
        });
    }

    /** Returns how many records are whole, from the beginning. */
    private static int recover(Path log) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(log));
        int records = 0;
        while (bytes.remaining() >= RECORD) {
            for (int i = 0; i < RECORD / Integer.BYTES; i++) {
                if (bytes.getInt() != records + 1) {
                    return records;
                }
            }
            records++;
        }
        return records;
    }
}
