package dev.linen.powercut;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.inject.InjectionUnavailableException;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.Skip;

/** All that the Java class library does to files is recorded and understood: the last state is the folder itself. */
class ReplayTest {

    @TempDir
    private Path folder;

    @Test
    void lastState_afterEachKindOfCall_isTheFolder() {
        ChildJvm.Result child = ChildJvm.of(ReplayTest.class).run(folder.toString());
        List<String> lines = child.out().lines().toList();
        assertEquals(0, child.exitStatus(), child::toString);
        Skip.unless(!lines.getFirst().startsWith("unavailable"), lines.getFirst());

        assertEquals(2, lines.size(), child::toString);
        assertEquals(lines.get(0), lines.get(1));
    }

    /** In the child. */
    public static void main(String... arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        Files.writeString(folder.resolve("before"), "it was there before");
        String[] last = {""};
        try {
            PowerCut.<String>record(folder, acks -> {
                acks.now("");
                work(folder);
                acks.now("end");
            }).model(DiskModel.KILL).verify((copy, acked, next) -> last[0] = FolderText.of(copy));
        } catch (InjectionUnavailableException refused) {
            System.out.println("unavailable: " + refused.getMessage());
            return;
        }
        System.out.println(FolderText.of(folder));
        System.out.println(last[0]);
    }

    private static void work(Path folder) throws Exception {
        names(folder);
        channels(folder);
        copies(folder);
    }

    private static void names(Path folder) throws IOException {
        Path deep = Files.createDirectories(folder.resolve("a/b/c"));
        Files.writeString(deep.resolve("one"), "one");
        Files.move(deep.resolve("one"), folder.resolve("a/two"));
        Files.move(deep, folder.resolve("moved"));
        Files.writeString(folder.resolve("moved/in it"), "after the move");
        Files.createLink(folder.resolve("three"), folder.resolve("a/two"));
        Files.writeString(folder.resolve("three"), " times", APPEND);
        Files.createSymbolicLink(folder.resolve("four"), Path.of("a/two"));
        Files.writeString(folder.resolve("temporary"), "x");
        Files.delete(folder.resolve("temporary"));
        Files.createTempFile(folder, "temporary", "");
        Files.delete(Files.createDirectory(folder.resolve("empty")));
        Files.writeString(folder.resolve("before"), "overwritten");
    }

    private static void channels(Path folder) throws Exception {
        try (FileChannel file = FileChannel.open(folder.resolve("channel"), CREATE, READ, WRITE)) {
            file.write(new ByteBuffer[]{bytes("gathered "), bytes("writes")});
            file.write(bytes("far"), 100);
            file.truncate(101);
            MappedByteBuffer mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, 50);
            mapped.put(20, (byte) 'm');
            mapped.force();
        }
        try (FileChannel file = FileChannel.open(folder.resolve("synced"), CREATE, WRITE, DSYNC)) {
            file.write(bytes("at once"));
        }
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve("random").toFile(), "rw")) {
            file.setLength(30);
            file.seek(10);
            file.writeUTF("random");
            file.setLength(12);
        }
        try (AsynchronousFileChannel file = AsynchronousFileChannel.open(folder.resolve("later"), CREATE, WRITE)) {
            file.write(bytes("later"), 5).get();
        }
    }

    private static void copies(Path folder) throws IOException {
        Path large = Files.write(folder.resolve("large"), "0123456789abcdef".repeat(20_000)
                .getBytes(StandardCharsets.US_ASCII));
        Files.copy(large, folder.resolve("copy"));
        Files.copy(folder.resolve("a/two"), folder.resolve("copy"), StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel from = FileChannel.open(large);
                FileChannel to = FileChannel.open(folder.resolve("transferred"), CREATE, WRITE)) {
            from.transferTo(1, 200_000, to);
            to.position(0);
            to.transferFrom(from, 10, 7);
        }
        try (var in = Files.newInputStream(large); var out = Files.newOutputStream(folder.resolve("streamed"))) {
            in.transferTo(out);
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }
}
