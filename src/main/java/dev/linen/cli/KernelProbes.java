package dev.linen.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.iovec;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Calls that tell whether the kernel has something: each gives 0, or the -errno that somebody would get who used it.
 *
 * <p>Not by the kernel's version: distributions add to old kernels, and filters and settings take away from new ones. Where a
 * call can't be made without an effect it is made with an argument that a kernel which knows it refuses.
 */
final class KernelProbes {

    private static final long PRESENT_OR_SWAPPED = 3L << 62;

    private KernelProbes() {}

    /** 0 instead of the refusal that only a kernel gives which has the call. */
    private static long expecting(Errno refusal, long result) {
        return result == refusal.result() ? 0 : result;
    }

    static long guardInstall() {
        try (Mapping page = Mapping.anonymous(Mapping.pageSize())) {
            page.advise(Advice.GUARD_INSTALL);
            return 0;
        } catch (SyscallException refused) {
            return refused.errno().result();
        }
    }

    /** What the dynamic linker does with the native part: maps a page of the file so that it can be executed. */
    static long executableMemfd() {
        try (Arena arena = Arena.ofConfined()) {
            long name = arena.allocateFrom("linen-doctor").address();
            long memfd = Syscall.invoke(SyscallNumber.MEMFD_CREATE, name,
                    Kernel.MFD_CLOEXEC | Kernel.MFD_NOEXEC_SEAL);
            memfd = memfd == Errno.EINVAL.result() // before Linux 6.3
                    ? Syscall.invoke(SyscallNumber.MEMFD_CREATE, name, Kernel.MFD_CLOEXEC)
                    : memfd;
            return Syscall.isError(memfd) ? memfd : mapExecutable(memfd);
        }
    }

    private static long mapExecutable(long fd) {
        long page = Mapping.pageSize();
        Syscall.invoke(SyscallNumber.FTRUNCATE, fd, page);
        long address = Syscall.invoke(SyscallNumber.MMAP, 0, page, Protection.READ_EXEC.bits(),
                MapFlags.PRIVATE.bits(), fd, 0);
        Syscall.invoke(SyscallNumber.CLOSE, fd);
        return Syscall.isError(address) ? address : Syscall.invoke(SyscallNumber.MUNMAP, address, page);
    }

    /** Seals 0 bytes. */
    static long mseal() {
        return Syscall.invoke(SyscallNumber.MSEAL, 0, 0, 0);
    }

    static long procmapQuery() {
        try (Arena arena = Arena.ofConfined()) {
            long fd = Syscall.invoke(SyscallNumber.OPENAT, Kernel.AT_FDCWD,
                    arena.allocateFrom("/proc/self/maps").address(), Kernel.O_RDONLY | Kernel.O_CLOEXEC);
            if (Syscall.isError(fd)) {
                return fd;
            }
            long result = Syscall.invoke(SyscallNumber.IOCTL, fd, Kernel.PROCMAP_QUERY, /* query */ 0);
            Syscall.invoke(SyscallNumber.CLOSE, fd);
            return expecting(Errno.EFAULT, result);
        }
    }

    /** The entry of a page that was touched just now. EPERM stands for one that says nothing of it. */
    static long pagemap() {
        try (Arena arena = Arena.ofConfined();
                RandomAccessFile file = new RandomAccessFile("/proc/self/pagemap", "r")) {
            MemorySegment touched = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
            file.seek(touched.address() / Mapping.pageSize() * Long.BYTES);
            long entry = file.readLong();
            entry = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Long.reverseBytes(entry) : entry;
            return (entry & PRESENT_OR_SWAPPED) != 0 ? 0 : Errno.EPERM.result();
        } catch (IOException unreadable) {
            return Errno.ENOENT.result();
        }
    }

    /** Copies a long of this process's own. */
    static long processVmReadv() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vectors = iovec.allocateArray(2, arena);
            for (int i = 0; i < 2; i++) {
                iovec.iov_base(iovec.asSlice(vectors, i), arena.allocate(Long.BYTES));
                iovec.iov_len(iovec.asSlice(vectors, i), Long.BYTES);
            }
            long read = Syscall.invoke(SyscallNumber.PROCESS_VM_READV, Syscall.invoke(SyscallNumber.GETPID),
                    vectors.address(), 1, iovec.asSlice(vectors, 1).address(), 1, 0);
            return Syscall.isError(read) ? read : 0;
        }
    }

    /** Wakes nobody. */
    static long futex2() {
        try (Arena arena = Arena.ofConfined()) {
            long word = arena.allocate(ValueLayout.JAVA_INT).address();
            return Syscall.invoke(SyscallNumber.FUTEX_WAKE, word, /* mask, any bit */ 1, /* how many */ 1,
                    Kernel.FUTEX2_SIZE_U32 | Kernel.FUTEX2_PRIVATE);
        }
    }

    /** Waits for no futex. */
    static long futexWaitv() {
        return expecting(Errno.EINVAL, Syscall.invoke(SyscallNumber.FUTEX_WAITV, 0, /* how many */ 0, 0, 0, 0));
    }

    /** Without a place for the parameters. EPERM: the sysctl kernel.io_uring_disabled, or a filter. */
    static long ioUring() {
        return expecting(Errno.EFAULT, Syscall.invoke(SyscallNumber.IO_URING_SETUP, /* entries */ 1, 0));
    }

    /** Without rules. EOPNOTSUPP: built in, but not switched on at boot. */
    static long landlock() {
        return expecting(Errno.EFAULT, Syscall.invoke(SyscallNumber.LANDLOCK_CREATE_RULESET, 0, 0, 0));
    }

    /** With all flags there are and more. */
    static long userfaultfd() {
        return expecting(Errno.EINVAL, Syscall.invoke(SyscallNumber.USERFAULTFD, -1));
    }
}
