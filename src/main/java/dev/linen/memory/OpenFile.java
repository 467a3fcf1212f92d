package dev.linen.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;

import dev.linen.internal.linux.Kernel;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/** A file descriptor of a file that is to be mapped; the mapping outlives it. */
record OpenFile(Path path, int fd) implements AutoCloseable {

    /** In what the JVM encodes file names. */
    private static final Charset FILE_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"),
            StandardCharsets.UTF_8);

    /** O_NONBLOCK: not to wait for the other end when it is a named pipe; it changes nothing for files. */
    static OpenFile of(Path path, boolean writable) {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException("the kernel can only map a file that it knows; this one is in "
                    + path.getFileSystem());
        }
        int flags = (writable ? Kernel.O_RDWR() : Kernel.O_RDONLY()) | Kernel.O_CLOEXEC() | Kernel.O_NONBLOCK();
        try (Arena arena = Arena.ofConfined()) {
            byte[] name = path.toString().getBytes(FILE_NAMES);
            MemorySegment pathname = arena.allocate(name.length + 1L);
            MemorySegment.copy(name, 0, pathname, ValueLayout.JAVA_BYTE, 0, name.length);
            long fd = Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD(), pathname.address(), flags);
            if (Syscall.isError(fd)) {
                throw new SyscallException("openat", fd, "AT_FDCWD", '"' + path.toString() + '"',
                        (writable ? "O_RDWR" : "O_RDONLY") + "|O_CLOEXEC|O_NONBLOCK");
            }
            return new OpenFile(path, (int) fd);
        }
    }

    long size() {
        long size = Syscall.invoke(SyscallNumber.LSEEK, fd, 0, Kernel.SEEK_END());
        if (Syscall.isError(size)) {
            throw new SyscallException("lseek", size, fd + " (" + path + ")", 0, "SEEK_END");
        }
        return size;
    }

    @Override
    public void close() {
        Syscall.invoke(SyscallNumber.CLOSE, fd);
    }
}
