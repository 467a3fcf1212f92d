package dev.linen.memory;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.HexFormat;

import dev.linen.internal.linux.Kernel;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/** A file descriptor of a file that is to be mapped; the mapping outlives it. */
record OpenFile(Path path, int fd) implements AutoCloseable {

    /** O_NONBLOCK: not to wait for the other end when it is a named pipe; it changes nothing for files. */
    static OpenFile of(Path path, boolean writable) {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException("the kernel can only map a file that it knows; this one is in "
                    + path.getFileSystem());
        }
        int flags = (writable ? Kernel.O_RDWR : Kernel.O_RDONLY) | Kernel.O_CLOEXEC | Kernel.O_NONBLOCK;
        try (Arena arena = Arena.ofConfined()) {
            byte[] name = nameOf(path);
            MemorySegment pathname = arena.allocate(name.length + 1L);
            MemorySegment.copy(name, 0, pathname, ValueLayout.JAVA_BYTE, 0, name.length);
            long fd = Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD, pathname.address(), flags);
            if (Syscall.isError(fd)) {
                throw new SyscallException("openat", fd, "AT_FDCWD", '"' + path.toString() + '"',
                        (writable ? "O_RDWR" : "O_RDONLY") + "|O_CLOEXEC|O_NONBLOCK");
            }
            return new OpenFile(path, (int) fd);
        }
    }

    /**
     * The bytes that the kernel knows the file by. Out of its URI, where those that aren't ASCII stand in hex: a name may be
     * no text in any charset.
     */
    private static byte[] nameOf(Path path) {
        String escaped = path.toUri().getRawPath();
        ByteArrayOutputStream name = new ByteArrayOutputStream(escaped.length());
        for (int i = 0; i < escaped.length(); i++) {
            if (escaped.charAt(i) == '%') {
                name.write(HexFormat.fromHexDigits(escaped, i + 1, i + 3));
                i += 2;
            } else {
                name.write(escaped.charAt(i));
            }
        }
        return name.toByteArray();
    }

    long size() {
        long size = Syscall.invoke(SyscallNumber.LSEEK, fd, 0, Kernel.SEEK_END);
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
