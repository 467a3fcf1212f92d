package dev.linen.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.ChildJvm;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.ProcessState;

@NoLeaks
class MappedFileTest {

    private static final MapFlags SHARED = MapFlags.SHARED;
    private static final MapFlags PRIVATE = MapFlags.PRIVATE;

    @TempDir
    private Path directory;

    @Test
    void file_noFurtherArguments_isReadOnlyAndPrivate() throws IOException {
        Path file = file("some text");
        try (Mapping mapped = Mapping.file(file)) {
            assertEquals(9, mapped.byteSize());
            assertArrayEquals("some text".getBytes(), mapped.segment().toArray(JAVA_BYTE));
            assertTrue(mapped.segment().isReadOnly());
            Region region = MemoryMap.read().find(mapped.address()).orElseThrow();
            assertEquals(Protection.READ, region.protection());
            assertFalse(region.shared());
            assertFalse(region.isAnonymous());
            assertEquals(file.toString(), region.name());
            assertEquals(Files.getAttribute(file, "unix:ino"), region.inode());
        }
    }

    @Test
    void file_sharedAndWritable_writesReachTheFile() throws IOException {
        Path file = file("some text");
        try (Mapping mapped = Mapping.file(file, Protection.READ_WRITE, SHARED)) {
            mapped.segment().set(JAVA_BYTE, 0, (byte) 'S');
        }
        assertEquals("Some text", Files.readString(file));
    }

    @Test
    void file_privateAndWritable_writesStayHere() throws IOException {
        Path file = file("some text");
        try (Mapping mapped = Mapping.file(file, Protection.READ_WRITE, PRIVATE)) {
            mapped.segment().set(JAVA_BYTE, 0, (byte) 'S');
            assertEquals('S', mapped.segment().get(JAVA_BYTE, 0));
        }
        assertEquals("some text", Files.readString(file));
    }

    @Test
    void file_always_leavesNoFileOpen() throws IOException {
        Path file = file("some text");
        Mapping.file(file).close();
        int before = ProcessState.now().files();
        Mapping mapped = Mapping.file(file);
        assertEquals(before, ProcessState.now().files());
        mapped.close();
        assertThrows(SyscallException.class, () -> Mapping.file(file, Protection.READ, new MapFlags(0)));
        assertEquals(before, ProcessState.now().files());
    }

    @Test
    void file_empty_isAnEmptyMapping() throws IOException {
        try (Mapping mapped = Mapping.file(file(""))) {
            assertEquals(0, mapped.byteSize());
            assertEquals(0, mapped.address());
            assertEquals(0, mapped.segment().byteSize());
            mapped.protect(Protection.READ_WRITE);
            mapped.advise(Advice.WILLNEED);
            assertEquals("Mapping[0x0, 0 bytes, PROT_READ|PROT_WRITE]", mapped.toString());
        }
    }

    @Test
    void close_empty_closesIt() throws IOException {
        Mapping mapped = Mapping.file(file(""));
        mapped.close();
        assertTrue(mapped.isClosed());
        assertThrows(IllegalStateException.class, mapped::segment);
    }

    @Test
    void protect_sharedFileOpenedForReading_isEACCESForWriting() throws IOException {
        try (Mapping mapped = Mapping.file(file("some text"), Protection.READ, SHARED)) {
            SyscallException failed = assertThrows(SyscallException.class,
                    () -> mapped.protect(Protection.READ_WRITE));
            assertEquals(Errno.EACCES, failed.errno());
            assertTrue(mapped.segment().isReadOnly()); // unchanged
            assertTrue(mapped.toString().endsWith(" 9 bytes, PROT_READ]"), mapped::toString);
        }
    }

    @Test
    void file_nameWithUnusualCharacters_isFound() throws IOException {
        Path file = Files.writeString(directory.resolve("a b ä€\n.txt"), "x");
        try (Mapping mapped = Mapping.file(file)) {
            assertEquals('x', mapped.segment().get(JAVA_BYTE, 0));
        }
    }

    @Test
    void file_missing_isENOENT() {
        Path missing = directory.resolve("missing");
        SyscallException failed = assertThrows(SyscallException.class, () -> Mapping.file(missing));
        assertEquals(Errno.ENOENT, failed.errno());
        assertEquals("openat(AT_FDCWD, \"" + missing + "\", O_RDONLY|O_CLOEXEC|O_NONBLOCK) failed: ENOENT "
                + "(No such file or directory)", failed.getMessage());
    }

    /** Root may read any file, so the thread changes its user. The raw system call affects this thread only. */
    static final class Unreadable {
        public static void main(String... arguments) {
            int nobody = 65534;
            if (Syscall.invoke(SyscallNumber.GETEUID) == 0) {
                Syscall.invoke(SyscallNumber.SETRESUID, -1, nobody, -1);
            }
            try (Mapping mapped = Mapping.file(Path.of(arguments[0]))) {
                System.out.print(mapped);
            } catch (SyscallException failed) {
                System.out.print(failed.call() + " " + failed.errno());
            }
        }
    }

    @Test
    void file_unreadable_isEACCES() throws IOException {
        Path file = file("secret");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
        ChildJvm.Result child = ChildJvm.of(Unreadable.class).run(file.toString());
        assertEquals("openat EACCES", child.out(), child::toString);
    }

    @Test
    void file_directory_isRefused() {
        String message = assertThrows(IllegalArgumentException.class, () -> Mapping.file(directory)).getMessage();
        assertEquals(directory + " is a directory; only files can be mapped", message);
    }

    @Test
    void file_namedPipe_isESPIPEAtOnce() throws IOException, InterruptedException {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        assertEquals(Errno.ESPIPE, assertThrows(SyscallException.class, () -> Mapping.file(pipe)).errno());
    }

    @Test
    void file_otherFileSystem_isRefused() throws IOException {
        URI zip = URI.create("jar:" + directory.resolve("a.zip").toUri());
        try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            Path inside = Files.writeString(files.getPath("/file"), "x");
            assertThrows(IllegalArgumentException.class, () -> Mapping.file(inside));
        }
    }

    @Test
    void file_anonymousOrFixed_isRefused() throws IOException {
        Path file = file("");
        for (MapFlags flag : new MapFlags[]{MapFlags.ANONYMOUS, MapFlags.FIXED, MapFlags.FIXED_NOREPLACE}) {
            assertThrows(IllegalArgumentException.class,
                    () -> Mapping.file(file, Protection.READ, PRIVATE.with(flag)));
        }
    }

    @Test
    void file_null_isRefused() throws IOException {
        Path file = file("some text");
        assertThrows(NullPointerException.class, () -> Mapping.file(null));
        assertThrows(NullPointerException.class, () -> Mapping.file(file, null, PRIVATE));
        assertThrows(NullPointerException.class, () -> Mapping.file(file, Protection.READ, null));
    }

    private Path file(String content) throws IOException {
        return Files.writeString(directory.resolve("file"), content);
    }
}
