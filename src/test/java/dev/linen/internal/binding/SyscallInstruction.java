package dev.linen.internal.binding;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/** The instruction by which linen enters the kernel for every system call. */
public final class SyscallInstruction {

    private static final int MOST_BYTES = 64;

    private static final int SVC = 0xd4000001; // aarch64: svc #0
    private static final byte[] SYSCALL = {0x0f, 0x05}; // x86-64

    private SyscallInstruction() {}

    /** Returns the address behind it, which is where a seccomp filter sees the thread. linen must have been loaded. */
    public static long end() {
        MemorySegment code = NativeLibrary.function("linen_syscall").reinterpret(MOST_BYTES);
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        for (int i = 0; i < MOST_BYTES - Integer.BYTES; i += arm ? Integer.BYTES : 1) {
            if (arm && code.get(JAVA_INT, i) == SVC) {
                return code.address() + i + Integer.BYTES;
            }
            if (!arm && code.get(JAVA_BYTE, i) == SYSCALL[0] && code.get(JAVA_BYTE, i + 1) == SYSCALL[1]) {
                return code.address() + i + SYSCALL.length;
            }
        }
        throw new AssertionError("linen_syscall has no instruction that enters the kernel");
    }
}
