package dev.linen.memory;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.procmap_query;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Queries the kernel for the mapping at an address:
 * {@code int ioctl(int maps, PROCMAP_QUERY, struct procmap_query *query)} on an open {@code /proc/self/maps}. Since
 * Linux 6.11.
 */
final class RegionQuery {

    /** The longest path that the kernel returns (linux/limits.h: PATH_MAX), with its final 0. */
    private static final int NAME_BYTES = 4096;

    private RegionQuery() {}

    /**
     * Asks for the mapping at an address.
     *
     * @param mapsFile a process's {@code maps}
     * @return the line that the file has for it; empty if nothing is mapped there
     * @throws SyscallException ENOTTY: the kernel is too old; ENAMETOOLONG: the name is longer than PATH_MAX; any error
     *         that a seccomp filter returns
     */
    static Optional<String> lineAt(long address, Path mapsFile) {
        try (Arena arena = Arena.ofConfined(); OpenFile maps = OpenFile.of(mapsFile, /* writable */ false)) {
            MemorySegment name = arena.allocate(NAME_BYTES);
            MemorySegment query = arena.allocate(procmap_query.layout());
            procmap_query.size(query, procmap_query.sizeof());
            procmap_query.query_addr(query, address);
            procmap_query.vma_name_addr(query, name.address());
            procmap_query.vma_name_size(query, NAME_BYTES);
            long result = Syscall.invoke(SyscallNumber.IOCTL, maps.fd(), Kernel.PROCMAP_QUERY, query.address());
            if (result == Errno.ENOENT.result()) {
                return Optional.empty();
            } else if (Syscall.isError(result)) {
                throw new SyscallException("ioctl", result, maps.fd(), "PROCMAP_QUERY", "{" + hex(address) + "}");
            }
            boolean named = procmap_query.vma_name_size(query) != 0;
            return Optional.of(line(query, named ? name.getString(0).replace("\n", "\\012") : ""));
        }
    }

    /**
     * "7f0c00001000-7f0c00002000 r-xp 1000 fe:00 4711 /usr/lib/libfoo.so": with fewer zeros and spaces than the file
     * has.
     */
    private static String line(MemorySegment query, String name) {
        long flags = procmap_query.vma_flags(query);
        return Long.toHexString(procmap_query.vma_start(query)) + '-' + Long.toHexString(procmap_query.vma_end(query))
                + ' ' + ((flags & Kernel.PROCMAP_QUERY_VMA_READABLE) != 0 ? 'r' : '-')
                + ((flags & Kernel.PROCMAP_QUERY_VMA_WRITABLE) != 0 ? 'w' : '-')
                + ((flags & Kernel.PROCMAP_QUERY_VMA_EXECUTABLE) != 0 ? 'x' : '-')
                + ((flags & Kernel.PROCMAP_QUERY_VMA_SHARED) != 0 ? 's' : 'p') + ' '
                + Long.toHexString(procmap_query.vma_offset(query)) + ' ' + number(procmap_query.dev_major(query)) + ':'
                + number(procmap_query.dev_minor(query)) + ' ' + Long.toUnsignedString(procmap_query.inode(query)) + ' '
                + name;
    }

    /** Of a device, with two digits at least. */
    private static String number(int number) {
        return (number < 0x10 ? "0" : "") + Integer.toHexString(number);
    }
}
