package dev.linen.memory;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import dev.linen.internal.linux.iovec;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * Reads memory of this process safely, even if the address may be invalid. It calls {@code process_vm_readv} on its own
 * process, which fails with EFAULT instead of crashing. If that call is forbidden, it reads {@code /proc/self/mem}.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/process_vm_readv.2.html">process_vm_readv(2)</a>
 */
public final class Peek {

    private static final String FILE = "/proc/self/mem";

    private Peek() {}

    /**
     * Copies memory.
     *
     * @param address the address of the first byte
     * @param into the array to fill; its length is the number of bytes to read
     * @return true if all bytes were read; if false, the contents of the array are undefined
     */
    public static boolean read(long address, byte[] into) {
        if (into.length == 0) {
            return true;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(into.length);
            long pid = Syscall.invoke(SyscallNumber.GETPID);
            long read = Syscall.invoke(SyscallNumber.PROCESS_VM_READV, pid, vector(arena, copy.address(), into.length),
                    1, vector(arena, address, into.length), 1, /* flags */ 0);
            if (read == into.length) {
                MemorySegment.copy(copy, ValueLayout.JAVA_BYTE, 0, into, 0, into.length);
                return true;
            }
            boolean answered = !Syscall.isError(read) || read == Errno.EFAULT.result();
            return !answered && readFile(address, into);
        }
    }

    private static long vector(Arena arena, long address, long bytes) {
        MemorySegment vector = arena.allocate(iovec.layout());
        iovec.iov_base(vector, MemorySegment.ofAddress(address));
        iovec.iov_len(vector, bytes);
        return vector.address();
    }

    private static boolean readFile(long address, byte[] into) {
        if (address < 0) {
            return false; // the kernel's half of the address space
        }
        try (RandomAccessFile memory = new RandomAccessFile(FILE, "r")) {
            memory.seek(address);
            memory.readFully(into);
            return true;
        } catch (IOException unreadable) {
            return false;
        }
    }
}
