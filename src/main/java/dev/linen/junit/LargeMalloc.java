package dev.linen.junit;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import dev.linen.internal.linux.iovec;
import dev.linen.memory.Mapping;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * Recognises large malloc chunks of glibc, each of which is a mapping of its own:
 *
 * <pre>
 *  +0   a word that isn't used here
 *  +8   the mapping's size, with bit 1 set and bits 0 and 2 not
 *  +16  what malloc returned
 * </pre>
 *
 * <p>The compilers of the JVM allocate and free such chunks all the time. A moment later, the same addresses may be
 * used for something else.
 */
final class LargeMalloc {

    private static final long FLAGS = 7;
    private static final long MAPPED = 2;

    private LargeMalloc() {}

    /** Whether this range consists of one such chunk, or of adjacent ones, which the kernel merges into one mapping. */
    static boolean isAllOf(long start, long end) {
        long at = start;
        while (at < end) {
            long bytes = bytesAt(at);
            if (bytes == 0 || bytes > end - at) {
                return false;
            }
            at += bytes;
        }
        return true;
    }

    /** Returns the size of the chunk that starts at this page; 0 if there is none. */
    static long bytesAt(long page) {
        long word = read(page + Long.BYTES);
        long bytes = word & ~FLAGS;
        return (word & FLAGS) == MAPPED && bytes > 0 && bytes % Mapping.pageSize() == 0 ? bytes : 0;
    }

    /**
     * Reads through the kernel, so that memory that is unmapped meanwhile, or a guard page, reads as 0 and doesn't
     * crash.
     */
    private static long read(long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment vectors = iovec.allocateArray(2, arena);
            iovec.iov_base(iovec.asSlice(vectors, 0), word);
            iovec.iov_base(iovec.asSlice(vectors, 1), MemorySegment.ofAddress(address));
            iovec.iov_len(iovec.asSlice(vectors, 0), Long.BYTES);
            iovec.iov_len(iovec.asSlice(vectors, 1), Long.BYTES);
            Syscall.invoke(SyscallNumber.PROCESS_VM_READV, Syscall.invoke(SyscallNumber.GETPID), vectors.address(), 1,
                    iovec.asSlice(vectors, 1).address(), 1, 0);
            return word.get(ValueLayout.JAVA_LONG, 0);
        }
    }
}
