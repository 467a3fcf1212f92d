package dev.linen.inject;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.inject.Operation.Allocate;
import dev.linen.inject.Operation.Close;
import dev.linen.inject.Operation.Durability;
import dev.linen.inject.Operation.Link;
import dev.linen.inject.Operation.MakeDirectory;
import dev.linen.inject.Operation.Open;
import dev.linen.inject.Operation.Rename;
import dev.linen.inject.Operation.Symlink;
import dev.linen.inject.Operation.Sync;
import dev.linen.inject.Operation.SyncAll;
import dev.linen.inject.Operation.SyncKind;
import dev.linen.inject.Operation.Truncate;
import dev.linen.inject.Operation.Unlink;
import dev.linen.inject.Operation.Unseen;
import dev.linen.inject.Operation.Write;
import dev.linen.inject.RuleSlot.Content;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_event;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.syscall.abi.Fcntl;
import dev.linen.syscall.abi.Mman;
import dev.linen.syscall.abi.Sched;
import dev.linen.testing.Skip;

/** What is recorded of each call. {@link RecordingTest} runs these in a child JVM. */
class RecordedCalls {

    @TempDir
    private Path temporary;

    private Path dir = Path.of("/");

    @BeforeEach
    void canonical() throws IOException {
        Supervision.requireHere();
        dir = temporary.toRealPath();
    }

    private interface Io {
        void run() throws IOException;
    }

    /** Records what a test does; without the closes, of which each has several. */
    private List<Operation> record(Io io) throws IOException {
        try (Recording recording = Recording.under(temporary)) {
            io.run();
            recording.stop();
            return recording.operations().stream().filter(operation -> !(operation instanceof Close)).toList();
        }
    }

    private static <T extends Operation> T one(Class<T> type, List<Operation> operations) {
        List<T> found = operations.stream().filter(type::isInstance).map(type::cast).toList();
        assertEquals(1, found.size(), operations::toString);
        return found.getFirst();
    }

    private static String text(Write write) {
        return new String(write.data().toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void open_newFile_isCreated() throws IOException {
        Open open = one(Open.class, record(() -> Files.createFile(dir.resolve("a"))));
        assertEquals(dir.resolve("a"), open.path());
        assertTrue(open.created());
        assertFalse(open.truncated());
        assertEquals(FileId.of(dir.resolve("a")).inode(), open.file().inode());
        assertEquals(FileId.of(dir.resolve("a")).device(), open.file().device());
        assertEquals(1, open.file().generation());
        assertEquals(open.call().result(), open.descriptor());
    }

    @Test
    void open_existingFileToTruncate_isTruncated() throws IOException {
        Files.writeString(dir.resolve("a"), "text");
        Open open = one(Open.class, record(() -> FileChannel.open(dir.resolve("a"), WRITE, TRUNCATE_EXISTING).close()));
        assertTrue(open.truncated());
        assertFalse(open.created());
        assertEquals(FileId.of(dir.resolve("a")), open.file());
    }

    @Test
    void open_existingFileThatMustBeNew_fails() throws IOException {
        Files.createFile(dir.resolve("a"));
        Open open = one(Open.class, record(() -> assertThrows(FileAlreadyExistsException.class,
                () -> FileChannel.open(dir.resolve("a"), CREATE_NEW, WRITE))));
        assertEquals(Errno.EEXIST, open.call().errno().orElseThrow());
        assertFalse(open.created());
        assertFalse(open.call().injected());
    }

    @Test
    void open_onlyToRead_isNotRecorded() throws IOException {
        Files.writeString(dir.resolve("a"), "text");
        assertEquals(List.of(), record(() -> Files.readString(dir.resolve("a"))));
    }

    @Test
    void open_throughSymbolicLink_hasTheFilesPath() throws IOException {
        Files.createDirectory(dir.resolve("real"));
        Files.createSymbolicLink(dir.resolve("link"), Path.of("real"));
        Open open = one(Open.class, record(() -> Files.createFile(dir.resolve("link/../link/a"))));
        assertEquals(dir.resolve("real/a"), open.path());
    }

    @Test
    void open_synchronously_saysSo() throws IOException {
        List<Operation> operations = record(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE, DSYNC)) {
                channel.write(bytes("x"));
            }
        });
        assertEquals(Durability.DATA, one(Open.class, operations).durability());
        assertEquals(Durability.DATA, one(Write.class, operations).durability());
        operations = record(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), WRITE, SYNC)) {
                channel.write(bytes("x"));
            }
        });
        assertEquals(Durability.FILE, one(Open.class, operations).durability());
        assertEquals(Durability.FILE, one(Write.class, operations).durability());
    }

    @Test
    void open_unnamed_isLinkedLater() throws IOException {
        List<Operation> operations = record(() -> {
            int file = Libc.open(dir, Fcntl.O_WRONLY | Fcntl.O_TMPFILE);
            assertTrue(file >= 0);
            assertEquals(0, (int) Libc.call("linkat", Fcntl.AT_FDCWD, "/proc/self/fd/" + file, Fcntl.AT_FDCWD,
                    dir.resolve("named"), Fcntl.AT_SYMLINK_FOLLOW));
            Libc.close(file);
        });
        Open open = one(Open.class, operations);
        assertTrue(open.unnamed());
        assertFalse(open.created());
        assertEquals(dir, open.path());
        Link link = one(Link.class, operations);
        assertEquals(dir.resolve("named"), link.to());
        assertEquals(open.file(), link.file());
    }

    @Test
    void write_oneAfterTheOther_hasOffsetsAndData() throws IOException {
        Path file = dir.resolve("a");
        List<Operation> operations = record(() -> {
            try (FileChannel channel = FileChannel.open(file, CREATE, WRITE)) {
                channel.write(bytes("hello"));
                channel.write(bytes("world"), 100);
                channel.write(new ByteBuffer[]{bytes("one"), bytes("two")});
            }
        });
        List<Write> writes = operations.stream().filter(Write.class::isInstance).map(Write.class::cast).toList();
        assertEquals("[hello@0, world@100, onetwo@5]",
                writes.stream().map(write -> text(write) + "@" + write.offset()).toList().toString());
        assertEquals(List.of("write", "pwrite64", "writev"),
                writes.stream().map(write -> write.call().name()).toList());
        assertEquals(List.of(file, file, file), writes.stream().map(Write::path).toList());
        assertEquals(6, writes.get(2).call().result());
        assertEquals(6, writes.get(2).requested());
        assertEquals(one(Open.class, operations).file(), writes.get(0).file());
    }

    @Test
    void write_appended_isAtTheEnd() throws IOException {
        Files.writeString(dir.resolve("a"), "abc");
        Write write = one(Write.class, record(() -> Files.writeString(dir.resolve("a"), "de", APPEND)));
        assertEquals("de@3", text(write) + "@" + write.offset());
    }

    @Test
    void write_atPositionOfAppendedFile_isAtTheEnd() throws IOException {
        Files.writeString(dir.resolve("a"), "abc");
        int file = Libc.open(dir.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_APPEND);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocateFrom("de");
            Write write = one(Write.class, record(() -> assertEquals(2, Libc.call("pwrite64", file, data, 2, 0))));
            assertEquals("de@3", text(write) + "@" + write.offset());
        }
        Libc.close(file);
        assertEquals("abcde", Files.readString(dir.resolve("a")));
    }

    @Test
    void write_ofUnmappedMemory_failsForTheCaller() throws IOException {
        int file = Libc.open(dir.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
        Write write = one(Write.class, record(() -> assertEquals(-1, Libc.call("write", file, 4096, 2))));
        assertEquals(Errno.EFAULT, write.call().errno().orElseThrow());
        assertEquals(0, write.data().byteSize());
        Libc.close(file);
    }

    @Test
    void copy_ofFile_isAWriteOfItsData() throws IOException {
        Files.writeString(dir.resolve("a"), "0123456789");
        List<Operation> operations = record(() -> {
            try (FileChannel from = FileChannel.open(dir.resolve("a"), READ);
                    FileChannel to = FileChannel.open(dir.resolve("b"), CREATE, WRITE)) {
                assertEquals(4, from.transferTo(3, 4, to));
            }
        });
        Write write = operations.stream().filter(Write.class::isInstance).map(Write.class::cast)
                .filter(each -> !each.call().failed()).findFirst().orElseThrow();
        assertEquals("3456@0", text(write) + "@" + write.offset());
        assertEquals(dir.resolve("b"), write.path());
        assertEquals("3456", Files.readString(dir.resolve("b")));
    }

    @Test
    void sendfile_intoFile_isAWriteOfItsData() throws IOException {
        Files.writeString(dir.resolve("a"), "0123456789");
        int from = Libc.open(dir.resolve("a"), Fcntl.O_RDONLY);
        int to = Libc.open(dir.resolve("b"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
        Write write = one(Write.class, record(() -> assertEquals(10, Libc.call("sendfile", to, from, 0, 100))));
        assertEquals("0123456789@0", text(write) + "@" + write.offset());
        assertEquals(100, write.requested());
        Libc.close(from);
        Libc.close(to);
    }

    @Test
    void truncate_byDescriptorAndName_hasTheLength() throws IOException {
        Files.writeString(dir.resolve("a"), "0123456789");
        List<Operation> operations = record(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), WRITE)) {
                channel.truncate(4);
            }
        });
        assertEquals(4, one(Truncate.class, operations).length());
        operations = record(() -> assertEquals(0, (int) Libc.call("truncate", dir.resolve("a"), 7)));
        assertEquals(7, one(Truncate.class, operations).length());
        assertEquals(FileId.of(dir.resolve("a")), one(Truncate.class, operations).file());
    }

    @Test
    void allocate_file_hasModeAndRange() throws IOException {
        int file = Libc.open(dir.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
        Allocate allocate = one(Allocate.class, record(() -> Libc.call("fallocate", file, 1, 4096, 8192)));
        assertEquals("1 4096 8192", allocate.mode() + " " + allocate.offset() + " " + allocate.length());
        Libc.close(file);
    }

    @Test
    void sync_ofFileAndFolder_saysWhich() throws IOException {
        List<Operation> operations = record(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE);
                    FileChannel folder = FileChannel.open(dir, READ)) {
                channel.force(true);
                channel.force(false);
                folder.force(true);
            }
        });
        List<Sync> syncs = operations.stream().filter(Sync.class::isInstance).map(Sync.class::cast).toList();
        assertEquals(List.of(SyncKind.FSYNC, SyncKind.FDATASYNC, SyncKind.FSYNC),
                syncs.stream().map(Sync::kind).toList());
        assertEquals(List.of(false, false, true), syncs.stream().map(Sync::directory).toList());
        assertEquals(dir, syncs.get(2).path());
    }

    @Test
    void sync_ofRange_hasTheRange() throws IOException {
        int file = Libc.open(dir.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
        Sync sync = one(Sync.class,
                record(() -> assertEquals(0, (int) Libc.call("sync_file_range", file, 4096, 8192, 2))));
        assertEquals("RANGE 4096 8192", sync.kind() + " " + sync.offset() + " " + sync.length());
        Libc.close(file);
    }

    @Test
    void sync_ofEverything_isRecordedInEachFolder() throws IOException {
        int file = Libc.open(dir, Fcntl.O_RDONLY);
        List<Operation> operations = record(() -> {
            assertEquals(0, (int) Libc.call("syncfs", file));
            Libc.call("sync");
        });
        assertEquals(List.of("syncfs", "sync"),
                operations.stream().map(SyncAll.class::cast).map(all -> all.call().name()).toList());
        Libc.close(file);
    }

    @Test
    void rename_overFile_saysWhatItReplaced() throws IOException {
        Files.writeString(dir.resolve("a"), "a");
        Files.writeString(dir.resolve("b"), "b");
        FileId a = FileId.of(dir.resolve("a"));
        FileId b = FileId.of(dir.resolve("b"));
        Rename rename = one(Rename.class, record(() -> Files.move(dir.resolve("a"), dir.resolve("b"),
                StandardCopyOption.ATOMIC_MOVE)));
        assertEquals(List.of(dir.resolve("a"), dir.resolve("b")), List.of(rename.path(), rename.to()));
        assertEquals(a, rename.file());
        assertEquals(b, rename.replaced());
        assertFalse(rename.exchanged());
    }

    @Test
    void rename_exchanging_saysSo() throws IOException {
        Files.writeString(dir.resolve("a"), "a");
        Files.writeString(dir.resolve("b"), "b");
        FileId b = FileId.of(dir.resolve("b"));
        Rename rename = one(Rename.class, record(() -> assertEquals(0, (int) Libc.call("renameat2", -100,
                dir.resolve("a"), -100, dir.resolve("b"), 2))));
        assertTrue(rename.exchanged());
        assertEquals(b, rename.replaced());
    }

    @Test
    void symbolicLink_toWhatIsNoText_isRecordedByItsBytes() throws IOException {
        Path target = PathBytes.path(new byte[]{(byte) 0xe9, '/', (byte) 0xff});
        List<Operation> operations = record(() -> Files.createSymbolicLink(dir.resolve("s"), target));
        assertEquals(target, one(Symlink.class, operations).target());
    }

    @Test
    void names_madeAndRemoved_areRecorded() throws IOException {
        Files.writeString(dir.resolve("a"), "a");
        FileId a = FileId.of(dir.resolve("a"));
        List<Operation> operations = record(() -> {
            Files.createDirectory(dir.resolve("d"));
            Files.createSymbolicLink(dir.resolve("s"), Path.of("nowhere/else"));
            Files.createLink(dir.resolve("l"), dir.resolve("a"));
            Files.delete(dir.resolve("a"));
            Files.delete(dir.resolve("d"));
        });
        assertEquals(FileId.of(dir.resolve("s")).inode(), one(Symlink.class, operations).file().inode());
        assertEquals(Path.of("nowhere/else"), one(Symlink.class, operations).target());
        assertEquals(dir.resolve("d"), one(MakeDirectory.class, operations).path());
        assertNotEquals(0, one(MakeDirectory.class, operations).file().inode());
        Link link = one(Link.class, operations);
        assertEquals(List.of(dir.resolve("a"), dir.resolve("l")), List.of(link.path(), link.to()));
        assertEquals(a, link.file());
        List<Unlink> unlinks = operations.stream().filter(Unlink.class::isInstance).map(Unlink.class::cast).toList();
        assertEquals(List.of(false, true), unlinks.stream().map(Unlink::directory).toList());
        assertEquals(a, unlinks.getFirst().file());
    }

    @Test
    void mapping_stored_isUnseenUntilItIsSynced() throws IOException {
        List<Operation> operations = record(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE, READ)) {
                MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 5);
                mapped.put(3, (byte) 'x');
                mapped.force();
            }
        });
        Unseen unseen = one(Unseen.class, operations);
        assertEquals(dir.resolve("a"), unseen.path());
        assertEquals(dir.resolve("a") + " is mapped shared and writable: stores into that memory are seen only at an "
                + "msync (MappedByteBuffer.force)", unseen.what());
        Write write = operations.stream().filter(Write.class::isInstance).map(Write.class::cast)
                .filter(each -> each.call().name().equals("msync")).findFirst().orElseThrow();
        assertEquals("\0\0\0x\0@0", text(write) + "@" + write.offset());
        assertEquals(Durability.DATA, write.durability());
    }

    @Test
    void mapping_thereBefore_isUnseen() throws IOException {
        try (FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE, READ);
                Arena arena = Arena.ofShared()) {
            channel.map(FileChannel.MapMode.READ_WRITE, 0, 5, arena);
            assertEquals(dir.resolve("a"), one(Unseen.class, record(() -> {})).path());
        }
    }

    @Test
    void ring_setUpWhileRecording_isRefused() throws IOException {
        Skip.ifRefused("io_uring_setup", Syscall.invoke(SyscallNumber.IO_URING_SETUP, 0, 0)); // by a container's filter
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = arena.allocate(120);
            Unseen unseen = one(Unseen.class, record(() -> assertEquals(-1,
                    Libc.call("syscall", 425 /* io_uring_setup */, 1, parameters))));
            assertEquals(Errno.ENOSYS, unseen.call().errno().orElseThrow());
        }
    }

    @Test
    void inode_usedAgain_isAnotherGeneration() throws IOException {
        List<Operation> operations = record(() -> {
            for (int i = 0; i < 3; i++) {
                Files.writeString(dir.resolve("a"), "a");
                Files.delete(dir.resolve("a"));
            }
        });
        List<FileId> created = operations.stream().filter(Open.class::isInstance).map(Open.class::cast).map(Open::file)
                .toList();
        assertEquals(3, created.stream().distinct().count(), created::toString);
        List<FileId> removed = operations.stream().filter(Unlink.class::isInstance).map(Unlink.class::cast)
                .map(Unlink::file).toList();
        assertEquals(created, removed);
    }

    @Test
    void position_afterCallReturned_countsIt() throws IOException {
        try (Recording recording = Recording.under(dir);
                FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
            int before = recording.position();
            for (int i = 1; i <= 100; i++) {
                channel.write(bytes("x"));
                assertEquals(before + i, recording.position());
            }
        }
    }

    /** The copy into the log takes longer than the caller's return: it must be complete before. */
    @Test
    void position_afterLongWriteReturned_countsIt() throws IOException {
        ByteBuffer much = ByteBuffer.allocateDirect(32 << 20);
        try (Recording recording = Recording.under(dir);
                FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
            int before = recording.position();
            for (int i = 1; i <= 5; i++) {
                channel.write(much.clear(), 0);
                assertEquals(before + i, recording.position());
            }
        }
    }

    @Test
    void operations_readFails_nothingIsLost() throws IOException {
        try (Recording recording = Recording.under(dir);
                FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
            int before = recording.position();
            channel.write(bytes("x"));
            long next = Supervisor.get().head();
            channel.write(bytes("y"));
            int call = damage(next);
            assertThrows(ArrayIndexOutOfBoundsException.class, recording::operations);
            linen_event.call(event(next), call);
            assertEquals(before + 2, recording.operations().size());
        }
    }

    /** The log may be gone then: it isn't tried again. */
    @Test
    void stop_readFails_isSaidToWhomAsks() throws IOException {
        try (Recording recording = Recording.under(dir);
                FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
            channel.write(bytes("x"));
            long next = Supervisor.get().head();
            channel.write(bytes("y"));
            damage(next);
            recording.stop();
            IllegalStateException incomplete = assertThrows(IllegalStateException.class, recording::operations);
            assertEquals("what was recorded at the end couldn't be read when the recording was stopped: the operations "
                    + "are incomplete", incomplete.getMessage());
            assertInstanceOf(ArrayIndexOutOfBoundsException.class, incomplete.getCause());
            assertThrows(IllegalStateException.class, recording::position);
        }
    }

    private static MemorySegment event(long position) {
        return Supervisor.get().log().asSlice(position, linen_event.sizeof());
    }

    /** Makes an event unreadable. Returns what its call was. */
    private static int damage(long position) {
        int call = linen_event.call(event(position));
        linen_event.call(event(position), 99);
        return call;
    }

    @Test
    void operations_oneWithoutItsData_onlyThatIsMissing() throws IOException {
        try (Recording recording = Recording.under(dir);
                FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
            long next = Supervisor.get().head();
            channel.write(bytes("x"));
            linen_event.flags(event(next), linen_event.flags(event(next)) | LinenH.LINEN_EVENT_NO_DATA);
            channel.write(bytes("y"));
            recording.stop();
            List<Write> writes = recording.operations().stream().filter(Write.class::isInstance)
                    .map(Write.class::cast).toList();
            assertEquals(List.of(false, true), writes.stream().map(Write::hasData).toList());
            assertEquals(List.of(0L, 1L), writes.stream().map(Write::offset).toList());
            assertEquals(
                    "the data of a write to " + dir.resolve("a") + " couldn't be recorded, because the caller freed "
                            + "it meanwhile, or its source isn't a file",
                    assertThrows(IllegalStateException.class, writes.getFirst()::data).getMessage());
            assertEquals("y", text(writes.get(1)));
        }
    }

    /** Runs something on a thread that shares less with this one. */
    private static void onThreadWithItsOwn(long what, Runnable body) {
        List<Throwable> thrown = new ArrayList<>();
        Thread thread = Thread.ofPlatform().uncaughtExceptionHandler((_, uncaught) -> thrown.add(uncaught))
                .start(() -> {
                    assertEquals(0, (int) Libc.call("unshare", what));
                    body.run();
                });
        try {
            thread.join();
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
        assertEquals(List.of(), thrown);
    }

    @Test
    void write_byThreadWithItsOwnDescriptors_isMadeThereAndUnseen() throws IOException {
        Skip.unlessThreadsMayUnshare();
        Path other = Files.createDirectory(dir.resolve("other"));
        Path inside = Files.createDirectory(dir.resolve("inside"));
        int number = Libc.open(inside.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
        try (Recording recording = Recording.under(inside); Arena arena = Arena.ofShared()) {
            MemorySegment data = arena.allocateFrom("x");
            onThreadWithItsOwn(Sched.CLONE_FILES, () -> {
                Libc.close(number); // its own
                assertEquals(number, Libc.open(other.resolve("b"), Fcntl.O_WRONLY | Fcntl.O_CREAT));
                assertEquals(1, Libc.call("write", number, data, 1));
                int second = Libc.open(inside.resolve("c"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
                assertEquals(1, Libc.call("write", second, data, 1));
            });
            recording.stop();
            assertEquals(0, Files.size(inside.resolve("a")));
            assertEquals("x", Files.readString(other.resolve("b")));
            assertEquals("x", Files.readString(inside.resolve("c")));
            List<String> unseen = recording.operations().stream().map(Unseen.class::cast).map(Unseen::what)
                    .map(what -> what.replaceFirst("thread \\d+", "thread N")).toList();
            assertEquals(List.of("close", "openat", "write"), unseen.stream().map(what -> what.split(" ")[1]).toList());
            assertEquals("a write of " + inside.resolve("c")
                    + " by thread N, which has descriptors or a working directory of its own (unshare, clone)",
                    unseen.get(2));
        }
        Libc.close(number);
    }

    @Test
    void open_byThreadWithItsOwnWorkingDirectory_isMadeThereAndUnseen() throws IOException {
        Skip.unlessThreadsMayUnshare();
        try (Recording recording = Recording.under(dir)) {
            onThreadWithItsOwn(Sched.CLONE_FS, () -> {
                assertEquals(0, (int) Libc.call("chdir", dir));
                Libc.close((int) Libc.call("open", "relative", Fcntl.O_WRONLY | Fcntl.O_CREAT, 0644));
            });
            recording.stop();
            assertTrue(Files.exists(dir.resolve("relative")));
            assertEquals(dir.resolve("relative"), one(Unseen.class, recording.operations().stream()
                    .filter(operation -> operation.call().name().startsWith("open")).toList()).path());
        }
    }

    @Test
    void open_throughLinkToNothing_createsTheFile() throws IOException {
        Files.createDirectory(dir.resolve("real"));
        Files.createSymbolicLink(dir.resolve("real/link"), Path.of("../real/./a"));
        Open open = one(Open.class, record(() -> Files.writeString(dir.resolve("real/link"), "x")));
        assertEquals(dir.resolve("real/a"), open.path());
        assertTrue(open.created());
        assertEquals(FileId.of(dir.resolve("real/a")).inode(), open.file().inode());
    }

    @Test
    void open_newFileWhereALinkIs_fails() throws IOException {
        Files.writeString(dir.resolve("a"), "x");
        Files.createSymbolicLink(dir.resolve("link"), Path.of("a"));
        Open open = one(Open.class, record(() -> assertThrows(FileAlreadyExistsException.class,
                () -> FileChannel.open(dir.resolve("link"), CREATE_NEW, WRITE))));
        assertEquals(dir.resolve("link"), open.path());
    }

    @Test
    void names_noDescriptorLeft_areCanonicalAllTheSame() throws IOException {
        Files.createDirectory(dir.resolve("real"));
        Files.createSymbolicLink(dir.resolve("link"), Path.of("real"));
        Files.createSymbolicLink(dir.resolve("loop"), Path.of("loop"));
        Files.writeString(dir.resolve("real/a"), "x");
        MemorySegment mapped;
        try (FileChannel channel = FileChannel.open(dir.resolve("real/a"), READ, WRITE)) {
            mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1, Arena.global());
        }
        Path from = dir.resolve("link/../link/./a");
        List<Operation> operations = record(() -> withoutDescriptors(() -> {
            assertEquals(-1, (int) Libc.call("rename", dir.resolve("loop/a"), dir.resolve("link/b")));
            assertEquals(0, (int) Libc.call("rename", from, dir.resolve("link/b")));
            assertEquals(0, (int) Libc.call("rename", dir.resolve("link/b"), from));
            assertEquals(0, (int) Libc.call("msync", mapped, 1, Mman.MS_SYNC));
        }));
        List<Rename> renames = operations.stream().filter(Rename.class::isInstance).map(Rename.class::cast).toList()
                .subList(3, 6); // of the second time
        assertEquals(Errno.ELOOP, renames.get(0).call().errno().orElseThrow());
        assertEquals(List.of(dir.resolve("real/a"), dir.resolve("real/b")),
                List.of(renames.get(1).path(), renames.get(1).to()));
        assertEquals(FileId.of(dir.resolve("real/a")), renames.get(1).file());
        Write write = operations.stream().filter(Write.class::isInstance).map(Write.class::cast).skip(1).findFirst()
                .orElseThrow();
        assertEquals("x@0", text(write) + "@" + write.offset());
    }

    /** Nothing can be opened meanwhile. */
    private static void withoutDescriptors(Runnable body) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment before = arena.allocate(ValueLayout.JAVA_LONG, 2);
            assertEquals(0, (int) Libc.call("getrlimit", Sched.RLIMIT_NOFILE, before));
            MemorySegment none = arena.allocateFrom(ValueLayout.JAVA_LONG, 0,
                    before.getAtIndex(ValueLayout.JAVA_LONG, 1));
            body.run(); // its classes are loaded now
            assertEquals(0, (int) Libc.call("setrlimit", 7, none));
            try {
                body.run();
            } finally {
                Libc.call("setrlimit", 7, before);
            }
        }
    }

    @Test
    void msync_ofPrivateMapping_writesNothing() throws IOException {
        Files.writeString(dir.resolve("a"), "x");
        try (FileChannel channel = FileChannel.open(dir.resolve("a"), READ, WRITE); Arena arena = Arena.ofShared()) {
            MemorySegment mapped = channel.map(FileChannel.MapMode.PRIVATE, 0, 1, arena);
            mapped.set(ValueLayout.JAVA_BYTE, 0, (byte) 'y');
            assertEquals(List.of(), record(() -> Libc.call("msync", mapped, 1, 4)));
        }
    }

    @Test
    void pwritev2_thatDoesNotAppend_isWhereItSays() throws IOException {
        Files.writeString(dir.resolve("a"), "abc");
        int file = Libc.open(dir.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_APPEND);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vector = arena.allocateFrom(ValueLayout.JAVA_LONG, arena.allocateFrom("X").address(), 1);
            Write write = one(Write.class,
                    record(() -> Libc.call("pwritev2", file, vector, 1, 1, Fcntl.RWF_NOAPPEND)));
            Skip.unless(!write.call().errno().equals(Optional.of(Errno.EOPNOTSUPP)),
                    "this kernel has no RWF_NOAPPEND, which needs Linux 6.9");
            assertEquals("X@1", text(write) + "@" + write.offset());
            assertEquals("aXc", Files.readString(dir.resolve("a")));
        } finally {
            Libc.close(file);
        }
    }

    @Test
    void syncfs_ofAnotherFileSystem_isNotRecorded() throws IOException {
        int other = Libc.open(Path.of("/proc"), Fcntl.O_RDONLY);
        assertEquals(List.of(), record(() -> assertEquals(0, (int) Libc.call("syncfs", other))));
        Libc.close(other);
    }

    @Test
    void rename_ofAnOpenFile_itsWritesHaveTheNewName() throws IOException {
        List<Operation> operations = record(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
                Files.move(dir.resolve("a"), dir.resolve("b"));
                channel.write(bytes("x"));
                int copy = (int) Libc.call("dup", Libc.open(dir.resolve("b"), Fcntl.O_WRONLY));
                assertEquals(0, (int) Libc.call("fsync", copy));
            }
        });
        assertEquals(dir.resolve("b"), one(Write.class, operations).path());
        assertEquals(dir.resolve("b"), one(Sync.class, operations).path());
        assertEquals(one(Open.class, operations.subList(0, 1)).file(), one(Sync.class, operations).file());
    }

    @Test
    void open_relativeAndByProc_hasTheFilesPath() throws IOException {
        Files.createDirectory(dir.resolve("d"));
        int folder = Libc.open(dir.resolve("d"), Fcntl.O_PATH);
        List<Operation> operations = record(() -> {
            int file = (int) Libc.call("openat", folder, "../d/a", Fcntl.O_WRONLY | Fcntl.O_CREAT, 0644);
            Libc.close(Libc.open(Path.of("/proc/self/fd/" + file), Fcntl.O_WRONLY));
            Libc.close(Libc.open(Path.of("/proc/thread-self/fd/" + folder + "/b"), Fcntl.O_WRONLY | Fcntl.O_CREAT));
            Libc.close(file);
        });
        assertEquals(List.of("d/a", "d/a", "d/b"),
                operations.stream().map(Operation::path).map(dir::relativize).map(Path::toString).toList());
        Libc.close(folder);
    }

    /** The rule's slot is then free for another rule, and the call would be recorded for that one. */
    @Test
    void close_callWaitsForItsStack_isEndedBefore() throws Exception {
        Supervisor supervisor = Supervisor.get();
        RuleSlot slot = RuleSlot.take(supervisor,
                Content.recording(CallKind.FSYNC.calls(), dir, /* stack; nobody takes it */ true));
        slot.enable();
        Thread caller = Thread.ofPlatform().start(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
                channel.force(true);
            } catch (IOException unexpected) {
                throw new AssertionError(unexpected);
            }
        });
        while (Supervision.putAside() == 0 && caller.isAlive()) {
            Thread.onSpinWait();
        }
        slot.close();
        assertEquals(0, Supervision.putAside());
        caller.join();
    }

    /** A rule that ends keeps its bit until its last events have been read. */
    @Test
    void stop_whileAnotherRecordingBegins_hasItsOwnCallsOnly() throws Exception {
        Path ours = Files.createDirectory(dir.resolve("ours"));
        Path theirs = Files.createDirectory(dir.resolve("theirs"));
        AtomicBoolean over = new AtomicBoolean();
        Thread other = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                try (Recording _ = Recording.under(theirs)) {
                    Files.writeString(theirs.resolve("x"), "x");
                } catch (IOException unexpected) {
                    throw new AssertionError(unexpected);
                }
            }
        });
        try {
            for (int i = 0; i < 300; i++) {
                Recording recording = Recording.under(ours);
                Files.writeString(ours.resolve("x"), "x");
                recording.stop();
                assertEquals(List.of(ours.resolve("x")),
                        recording.operations().stream().map(Operation::path).distinct().toList());
            }
        } finally {
            over.set(true);
            other.join();
        }
    }

    @Test
    void calls_ofManyThreads_areInOneOrder() throws Exception {
        List<Operation> operations = record(() -> {
            try (FileChannel channel = FileChannel.open(dir.resolve("a"), CREATE, WRITE)) {
                List<Thread> threads = List.of(1, 2, 3, 4).stream().map(n -> Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 50; i++) {
                        try {
                            channel.write(bytes("x"), i);
                        } catch (IOException unexpected) {
                            throw new AssertionError(unexpected);
                        }
                    }
                })).toList();
                for (Thread thread : threads) {
                    thread.join();
                }
            } catch (InterruptedException unexpected) {
                throw new AssertionError(unexpected);
            }
        });
        List<Long> begins = operations.stream().map(operation -> operation.call().startNanos()).toList();
        assertEquals(201, begins.size());
        assertEquals(begins.stream().sorted().toList(), begins);
        assertEquals(5, operations.stream().map(operation -> operation.call().tid()).distinct().count());
    }

    @Test
    void stacks_ofPlatformAndVirtualThreads_haveTheCallersLine() throws Exception {
        try (Recording recording = Recording.withStacksUnder(dir)) {
            Files.writeString(dir.resolve("platform"), "x");
            Thread virtual = Thread.ofVirtual().start(() -> {
                try {
                    Files.writeString(dir.resolve("virtual"), "x");
                } catch (IOException unexpected) {
                    throw new AssertionError(unexpected);
                }
            });
            virtual.join();
            recording.stop();
            for (Operation operation : recording.operations()) {
                boolean platform = operation.path().endsWith("platform");
                if (platform || Runtime.version().feature() >= 23) {
                    assertTrue(operation.call().stack().stream()
                            .anyMatch(frame -> frame.getMethodName().contains("stacks_ofPlatformAndVirtualThreads")),
                            () -> operation + " has the stack " + operation.call().stack());
                }
            }
        }
    }

    @Test
    void randomAccessFile_andOthers_areSeen() throws IOException {
        List<Operation> operations = record(() -> {
            try (RandomAccessFile file = new RandomAccessFile(dir.resolve("a").toFile(), "rw")) {
                file.seek(3);
                file.writeInt(7);
                file.getFD().sync();
                file.setLength(2);
            }
        });
        assertEquals(List.of(3L), operations.stream().filter(Write.class::isInstance).map(Write.class::cast)
                .map(Write::offset).distinct().limit(1).toList());
        assertEquals(2, one(Truncate.class, operations).length());
        assertInstanceOf(Sync.class, one(Sync.class, operations));
    }

    @Test
    void record_insideRecord_saysWhatIsRight() throws IOException {
        try (Recording outer = Recording.under(dir)) {
            Path inner = Files.createDirectory(dir.resolve("inner"));
            assertEquals(inner + " can't be recorded, because " + dir + " is being recorded: stop that recording first",
                    assertThrows(IllegalStateException.class, () -> Recording.under(inner)).getMessage());
            outer.stop();
            Recording.under(inner).close();
        }
    }

    @Test
    void record_noFolder_saysWhatIsRight() throws IOException {
        Path file = Files.createFile(dir.resolve("a"));
        for (Path wrong : List.of(file, dir.resolve("nothing"))) {
            assertEquals(wrong + " isn't a folder: create it first, since system calls are compared with its canonical "
                    + "path", assertThrows(IllegalArgumentException.class, () -> Recording.under(wrong)).getMessage());
        }
    }

    @Test
    void recordings_ofTwoFolders_seeTheirOwn() throws IOException {
        Path a = Files.createDirectory(dir.resolve("a"));
        Path b = Files.createDirectory(dir.resolve("ab")); // not below a, though its name begins so
        try (Recording first = Recording.under(a); Recording second = Recording.under(b)) {
            Files.createFile(a.resolve("1"));
            Files.createFile(b.resolve("2"));
            assertEquals(List.of(a.resolve("1")), paths(first));
            assertEquals(List.of(b.resolve("2")), paths(second));
        }
    }

    private static List<Path> paths(Recording recording) {
        return recording.operations().stream().map(Operation::path).distinct().toList();
    }
}
