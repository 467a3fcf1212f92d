package dev.linen.process;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/** The CPUs of a thread as the kernel has them: one bit each. */
final class AffinityMask {

    /** More than any kernel can be built for. */
    static final int MOST_CPUS = 1 << 20;

    /** 1024 CPUs, which is enough for nearly every kernel. */
    private static final int FIRST_WORDS = 1024 / Long.SIZE;

    private AffinityMask() {}

    /**
     * Reads it: {@code int sched_getaffinity(pid_t pid, unsigned int len, unsigned long *mask)}.
     *
     * @param tid a thread's id; on a virtual thread, 0 means the carrier thread
     * @throws SyscallException ESRCH: there is no such thread
     */
    static long[] of(int tid) {
        // The kernel rejects a mask that is shorter than its own (EINVAL), and there is no way to query that length.
        for (int words = FIRST_WORDS;; words *= 2) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment mask = arena.allocate(JAVA_LONG, words);
                long bytes = Syscall.invoke(SyscallNumber.SCHED_GETAFFINITY, tid, mask.byteSize(), mask.address());
                if (!Syscall.isError(bytes)) {
                    return mask.asSlice(0, bytes).toArray(JAVA_LONG);
                } else if (bytes != Errno.EINVAL.result() || words >= MOST_CPUS / Long.SIZE) {
                    throw new SyscallException("sched_getaffinity", bytes, tid, mask.byteSize(),
                            SyscallException.hex(mask.address()));
                }
            }
        }
    }
}
