package dev.linen.inject;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.linen_inject;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * The files in which a supervisor keeps what it shares with Java, and its log. They are mapped, and what was stored
 * into a shared mapping is in the file, whatever ends the process: the kernel writes it, not the process.
 *
 * <p>The log is made longer as it grows. A store where the disk has no room left would be a fault.
 */
record RecordFiles(Path folder) {

    private Path shared() {
        return folder.resolve("shared");
    }

    private Path log() {
        return folder.resolve("log");
    }

    /** Makes the file of what is shared. */
    Mapping mapShared(long bytes) {
        create(shared());
        int file = open(shared());
        try {
            check("fallocate", Syscall.invoke(SyscallNumber.FALLOCATE, file, 0, 0, bytes));
        } finally {
            Syscall.invoke(SyscallNumber.CLOSE, file);
        }
        return Mapping.file(shared(), 0, bytes, Protection.READ_WRITE, MapFlags.SHARED);
    }

    /** Makes an empty log, and maps as much as it may grow to. */
    Mapping mapLog(long bytes) {
        create(log());
        return Mapping.file(log(), 0, bytes, Protection.READ_WRITE, MapFlags.SHARED);
    }

    /** Returns the descriptor by which the supervisor makes the log longer. */
    int openLog() {
        return open(log());
    }

    private static void create(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static int open(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(file.toString());
            return (int) check("openat", Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD, name.address(),
                    Kernel.O_RDWR | Kernel.O_CLOEXEC));
        }
    }

    private static long check(String call, long result) {
        if (Syscall.isError(result)) {
            throw new SyscallException(call, result);
        }
        return result;
    }

    /** What such files say. */
    record Content(MemorySegment log, long head, long lost, boolean performing) {}

    /** Reads the files after the end of the process. */
    Content read() throws IOException {
        MemorySegment struct = map(shared());
        MemorySegment events = map(log());
        long head = linen_inject.head(struct);
        if (head < 0 || head > events.byteSize()) {
            throw new IOException(log() + " has been cut: it should have " + head + " bytes");
        }
        return new Content(events, head, linen_inject.lost(struct), linen_inject.performing(struct) != 0);
    }

    private static MemorySegment map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
        }
    }
}
