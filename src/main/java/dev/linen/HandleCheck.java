package dev.linen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.iovec;
import dev.linen.internal.linux.linen_handle;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * Looks at what claims to be a handle without trusting it: by {@code process_vm_readv} from this very process, where a
 * wrong address is EFAULT and not a crash.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/process_vm_readv.2.html">process_vm_readv(2)</a>
 */
final class HandleCheck {

    private HandleCheck() {}

    /**
     * What is wrong with a handle that no thread of threadCreate's has: EFAULT, nothing is mapped there; EINVAL, no canary;
     * ESRCH, a canary, but somebody else's. Where the call itself is forbidden (a seccomp filter), ESRCH as well: all
     * that is known then is that the thread is.
     */
    static Errno errorAt(long handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(linen_handle.layout());
            MemorySegment local = vector(arena, copy.address());
            MemorySegment remote = vector(arena, handle);
            long pid = Syscall.invoke(SyscallNumber.GETPID);
            long read = Syscall.invoke(SyscallNumber.PROCESS_VM_READV, pid, local.address(), 1, remote.address(), 1, 0);
            if (read == Errno.EFAULT.result()) {
                return Errno.EFAULT;
            }
            boolean canary = linen_handle.canary(copy) == LinenH.LINEN_CANARY();
            return Syscall.isError(read) || canary ? Errno.ESRCH : Errno.EINVAL;
        }
    }

    private static MemorySegment vector(Arena arena, long address) {
        MemorySegment vector = arena.allocate(iovec.layout());
        iovec.iov_base(vector, MemorySegment.ofAddress(address));
        iovec.iov_len(vector, linen_handle.sizeof());
        return vector;
    }
}
