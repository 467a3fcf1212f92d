package dev.linen.memory;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.HexFormat;

import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.linux.Kernel;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/** An open file that is to be mapped. The mapping stays valid after the file is closed. */
record OpenFile(Path path, int fd) implements AutoCloseable {

    /**
     * Opens a file. O_NONBLOCK prevents waiting for the other end of a named pipe; it has no effect on regular files.
     */
    static OpenFile of(Path path, boolean writable) {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException("only a file of the default file system can be mapped, but " + path
                    + " is in " + path.getFileSystem());
        }
        int flags = (writable ? Kernel.O_RDWR : Kernel.O_RDONLY) | Kernel.O_CLOEXEC | Kernel.O_NONBLOCK;
        try (Arena arena = Arena.ofConfined()) {
            byte[] name = nameOf(path);
            MemorySegment pathname = arena.allocate(name.length + 1L);
            MemorySegment.copy(name, 0, pathname, ValueLayout.JAVA_BYTE, 0, name.length);
            StackRoom.require(); // an error behind the call would lose the descriptor
            long fd = Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD, pathname.address(), flags);
            if (Syscall.isError(fd)) {
                throw new SyscallException("openat", fd, "AT_FDCWD", '"' + path.toString() + '"',
                        (writable ? "O_RDWR" : "O_RDONLY") + "|O_CLOEXEC|O_NONBLOCK");
            }
            return new OpenFile(path, (int) fd);
        }
    }

    /**
     * Returns the path as bytes, as the kernel takes it. They are decoded from the URI, which has every byte that isn't
     * ASCII in hexadecimal, because a file name need not be valid text in any charset.
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
