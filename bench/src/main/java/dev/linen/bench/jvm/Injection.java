package dev.linen.bench.jvm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import dev.linen.inject.CallKind;
import dev.linen.inject.Faults;
import dev.linen.inject.Recording;
import dev.linen.syscall.Errno;

/**
 * {@code Injection WAY BATCHES MILLIS}: the time of a pwrite of 100 bytes that FileChannel makes, in nanoseconds, for
 * so many batches. The ways: plain (not supervised, for strace too), idle (no rule), other-call and other-folder (a rule
 * that doesn't match), errno, recorded, stack.
 */
public final class Injection {

    private static final int BYTES = 100;
    private static final int WARM_UPS = 5_000;
    private static final int CALLS_BETWEEN_LOOKS = 20;

    private Injection() {}

    public static void main(String... arguments) throws IOException {
        Path folder = Files.createTempDirectory("linen-bench");
        Path other = Files.createDirectory(folder.resolve("other"));
        Path file = folder.resolve("file");
        String way = arguments[0];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (way.equals("plain")) {
                measure(channel, arguments);
            } else if (way.equals("recorded") || way.equals("stack")) {
                // a recording for each batch, so that the log doesn't fill up
                for (int batch = 0; batch < Integer.parseInt(arguments[1]); batch++) {
                    try (Recording _ = way.equals("stack")
                            ? Recording.withStacksUnder(folder)
                            : Recording.under(folder)) {
                        measure(channel, way, "1", arguments[2]);
                    }
                }
            } else {
                try (Faults faults = Faults.start()) {
                    switch (way) {
                        case "other-call" -> faults.on(CallKind.SYNC).under(folder).fail(Errno.EIO);
                        case "other-folder" -> faults.on(CallKind.WRITE).under(other).fail(Errno.EIO);
                        case "errno" -> faults.on(CallKind.WRITE).under(folder).fail(Errno.EIO);
                        default -> {} // idle
                    }
                    measure(channel, arguments);
                }
            }
        } finally {
            Files.delete(file);
            Files.delete(other);
            Files.delete(folder);
        }
    }

    private static void measure(FileChannel channel, String... arguments) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES);
        for (int i = 0; i < WARM_UPS; i++) {
            write(channel, bytes);
        }
        long[] batches = new long[Integer.parseInt(arguments[1])];
        long nanos = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments[2]));
        for (int i = 0; i < batches.length; i++) {
            long begin = System.nanoTime();
            long end;
            int calls = 0;
            do {
                for (int k = 0; k < CALLS_BETWEEN_LOOKS; k++) {
                    write(channel, bytes);
                }
                calls += CALLS_BETWEEN_LOOKS;
                end = System.nanoTime();
            } while (end - begin < nanos);
            batches[i] = (end - begin) / calls;
        }
        Arrays.stream(batches).forEach(each -> System.out.println("call " + each));
    }

    private static void write(FileChannel channel, ByteBuffer bytes) {
        try {
            channel.write(bytes.clear(), 0);
        } catch (IOException injected) {
            // by the rule "errno"
        }
    }
}
