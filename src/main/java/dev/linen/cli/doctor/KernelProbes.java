package dev.linen.cli.doctor;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.iovec;
import dev.linen.memory.Advice;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Peek;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Calls that find out whether the kernel has a feature: each returns 0, or the -errno that a user of the feature would
 * get.
 *
 * <p>The kernel's version isn't enough: distributions backport features to old kernels, and filters and settings
 * disable them on new ones. A call that can't be made without side effects is made with an argument that every kernel
 * with that call refuses.
 */
final class KernelProbes {

    private static final long PRESENT_OR_SWAPPED = 3L << 62;

    private KernelProbes() {}

    /** 0 in place of the error that only a kernel with the call returns. */
    private static long expecting(Errno refusal, long result) {
        return result == refusal.result() ? 0 : result;
    }

    static long guardInstall() {
        try (Mapping page = Mapping.anonymous(Mapping.pageSize())) {
            page.advise(Advice.GUARD_INSTALL);
            // An emulator may accept advice that it doesn't know; a kernel that doesn't know it returns EINVAL.
            return Peek.read(page.address(), new byte[1]) ? Errno.EINVAL.result() : 0;
        } catch (SyscallException refused) {
            return refused.errno().result();
        }
    }

    /** Maps a page of a memfd as executable, as the dynamic linker does with the native part. */
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
        boolean hasPath = Files.exists(Path.of("/proc/self/fd/" + fd)); // the dynamic linker opens it
        Syscall.invoke(SyscallNumber.FTRUNCATE, fd, page);
        long address = Syscall.invoke(SyscallNumber.MMAP, 0, page, Protection.READ_EXEC.bits(),
                MapFlags.PRIVATE.bits(), fd, 0);
        Syscall.invoke(SyscallNumber.CLOSE, fd);
        long result = Syscall.isError(address) ? address : Syscall.invoke(SyscallNumber.MUNMAP, address, page);
        return result == 0 && !hasPath ? Errno.ENOENT.result() : result;
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

    /** Reads the entry of a page that was just touched. EPERM if the entry doesn't show that: the kernel hides it. */
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

    /** Copies a long within this process. */
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

    /** Wakes the waiters of a word that has none. */
    static long futex2() {
        try (Arena arena = Arena.ofConfined()) {
            long word = arena.allocate(ValueLayout.JAVA_INT).address();
            return Syscall.invoke(SyscallNumber.FUTEX_WAKE, word, /* mask, any bit */ 1, /* how many */ 1,
                    Kernel.FUTEX2_SIZE_U32 | Kernel.FUTEX2_PRIVATE);
        }
    }

    /** Waits for an empty list of futexes. */
    static long futexWaitv() {
        return expecting(Errno.EINVAL, Syscall.invoke(SyscallNumber.FUTEX_WAITV, 0, /* how many */ 0, 0, 0, 0));
    }

    /** Passes NULL for the parameters. EPERM: the sysctl kernel.io_uring_disabled, or a seccomp filter. */
    static long ioUring() {
        return expecting(Errno.EFAULT, Syscall.invoke(SyscallNumber.IO_URING_SETUP, /* entries */ 1, 0));
    }

    /** Passes NULL for the attributes. EOPNOTSUPP: built in, but not enabled at boot. */
    static long landlock() {
        return expecting(Errno.EFAULT, Syscall.invoke(SyscallNumber.LANDLOCK_CREATE_RULESET, 0, 0, 0));
    }

    /** Passes all flags, including undefined ones. */
    static long userfaultfd() {
        return expecting(Errno.EINVAL, Syscall.invoke(SyscallNumber.USERFAULTFD, -1));
    }
}
