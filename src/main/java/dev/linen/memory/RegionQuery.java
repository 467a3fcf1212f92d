package dev.linen.memory;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.procmap_query;
import dev.linen.memory.MemoryMap.Region;
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
     * @return the region; empty if nothing is mapped there
     * @throws SyscallException ENOTTY: the kernel is too old; ENAMETOOLONG: the name is longer than PATH_MAX; any error
     *         that a seccomp filter returns
     */
    static Optional<Region> at(long address) {
        try (Arena arena = Arena.ofConfined(); OpenFile maps = OpenFile.of(MemoryMap.FILE, /* writable */ false)) {
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
            return Optional.of(region(query, name));
        }
    }

    /** Converts the answer to the values that {@code /proc/self/maps} would show. */
    private static Region region(MemorySegment query, MemorySegment name) {
        long flags = procmap_query.vma_flags(query);
        Protection protection = Protection.NONE;
        protection = has(flags, Kernel.PROCMAP_QUERY_VMA_READABLE) ? protection.with(Protection.READ) : protection;
        protection = has(flags, Kernel.PROCMAP_QUERY_VMA_WRITABLE) ? protection.with(Protection.WRITE) : protection;
        protection = has(flags, Kernel.PROCMAP_QUERY_VMA_EXECUTABLE) ? protection.with(Protection.EXEC) : protection;
        String device = String.format("%02x:%02x", procmap_query.dev_major(query), procmap_query.dev_minor(query));
        boolean named = procmap_query.vma_name_size(query) != 0;
        return new Region(procmap_query.vma_start(query), procmap_query.vma_end(query), protection,
                has(flags, Kernel.PROCMAP_QUERY_VMA_SHARED), procmap_query.vma_offset(query), device,
                procmap_query.inode(query), named ? name.getString(0).replace("\n", "\\012") : "");
    }

    private static boolean has(long flags, long flag) {
        return (flags & flag) != 0;
    }
}
