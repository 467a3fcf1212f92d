package dev.linen.inject;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.management.ObjectName;

import dev.linen.syscall.Errno;

/**
 * {@code Storm FOLDER SECONDS}: all at once, what could wait for each other: writers that are recorded, with stacks and
 * without, and whose calls fail; collections, whose log file is recorded, too; StackOverflowErrors over file calls;
 * Flight Recorder, heap dumps, child processes.
 */
final class Storm {

    private static final int RECORDED = 300;

    private final AtomicReference<Throwable> unexpected = new AtomicReference<>();
    private final Path dir;
    private final long endNanoTime;

    private Storm(Path dir, Duration duration) {
        this.dir = dir;
        endNanoTime = System.nanoTime() + duration.toNanos();
    }

    private interface Task {
        void run(int round) throws Exception;
    }

    public static void main(String... arguments) throws Exception {
        Storm storm = new Storm(Path.of(arguments[0], "recorded"), Duration.ofSeconds(Long.parseLong(arguments[1])));
        List<Thread> threads = new ArrayList<>();
        storm.start(threads, "record", round -> storm.record(round));
        storm.start(threads, "writer 1", round -> storm.write("a", round));
        storm.start(threads, "writer 2", round -> storm.write("b", round));
        storm.start(threads, "virtual", round -> Thread.ofVirtual().start(() -> storm.write("v", round)).join());
        storm.start(threads, "gc", _ -> {
            System.gc();
            Thread.sleep(5);
        });
        storm.start(threads, "overflow", _ -> {
            try {
                storm.overflow();
            } catch (StackOverflowError expected) {
                // somewhere in a file call
            }
        });
        storm.start(threads, "dump", round -> {
            Path dump = storm.dir.resolveSibling("dump" + round + ".hprof");
            ManagementFactory.getPlatformMBeanServer().invoke(
                    new ObjectName("com.sun.management:type=HotSpotDiagnostic"), "dumpHeap",
                    new Object[]{dump.toString(), true}, new String[]{String.class.getName(), "boolean"});
            Files.delete(dump);
        });
        storm.start(threads, "jfr", round -> {
            Path file = storm.dir.resolveSibling("flight" + round + ".jfr");
            command("jfrStart", "name=storm" + round);
            Thread.sleep(100);
            command("jfrStop", "name=storm" + round, "filename=" + file);
            Files.delete(file);
        });
        storm.start(threads, "child", _ -> {
            new ProcessBuilder("true").start().waitFor();
            Thread.sleep(10);
        });
        for (Thread thread : threads) {
            thread.join();
        }
        Throwable thrown = storm.unexpected.get();
        if (thrown != null) {
            throw new AssertionError(thrown);
        }
        System.out.println("survived " + Supervisor.get().notifications() + " of others " + Supervisor.get().foreign());
    }

    private void start(List<Thread> threads, String name, Task task) {
        threads.add(Thread.ofPlatform().name(name).start(() -> {
            try {
                for (int round = 0; System.nanoTime() < endNanoTime && unexpected.get() == null; round++) {
                    task.run(round);
                }
            } catch (Throwable thrown) {
                unexpected.compareAndSet(null, thrown);
            }
        }));
    }

    private void record(int round) throws InterruptedException {
        try (Faults faults = Faults.start();
                Recording recording = round % 2 == 0 ? Recording.under(dir) : Recording.withStacksUnder(dir)) {
            faults.on(CallKind.SYNC).under(dir, "a*").nth(3).fail(Errno.EIO);
            faults.on(CallKind.WRITE).under(dir, "b*").nth(3).half();
            faults.on(CallKind.RENAME).under(dir).delay(Duration.ofMillis(1));
            while (recording.position() < RECORDED && System.nanoTime() < endNanoTime) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
        }
    }

    private void write(String name, int round) {
        Path file = dir.resolve(name + round % 10);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocateDirect(200));
            channel.force(false);
            Files.move(file, dir.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException injected) {
            if (!"Input/output error".equals(injected.getMessage())) {
                unexpected.compareAndSet(null, injected);
            }
        }
    }

    private void overflow() throws IOException {
        Files.exists(dir.resolve("nothing"));
        try (FileChannel channel = FileChannel.open(dir.resolve("o"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[3]));
        }
        overflowDeeper(0);
    }

    private long overflowDeeper(int depth) throws IOException {
        if (depth % 100 == 0 || depth > 2000) {
            Files.writeString(dir.resolve("o"), "deep");
        }
        return overflowDeeper(depth + 1) + 1;
    }

    private static void command(String command, String... arguments) throws Exception {
        ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"), command, new Object[]{arguments},
                new String[]{String[].class.getName()});
    }
}
