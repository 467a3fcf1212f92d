package dev.linen.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.iovec;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Reads memory of this process through the kernel, so that a guard causes EFAULT instead of a crash. */
public final class OwnMemory {

    private OwnMemory() {}

    /** Returns whether the byte at an address is readable. It isn't in a guard of any kind. */
    public static boolean isReadable(long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment local = arena.allocate(iovec.layout());
            iovec.iov_base(local, arena.allocate(1));
            iovec.iov_len(local, 1);
            MemorySegment remote = arena.allocate(iovec.layout());
            iovec.iov_base(remote, MemorySegment.ofAddress(address));
            iovec.iov_len(remote, 1);
            long read = Syscall.invoke(SyscallNumber.PROCESS_VM_READV, ProcessHandle.current().pid(), local.address(),
                    1,
                    remote.address(), 1, 0);
            Skip.ifRefused("process_vm_readv", read);
            if (read != 1 && read != Errno.EFAULT.result()) {
                throw new AssertionError("process_vm_readv: " + read);
            }
            return read == 1;
        }
    }
}
