package dev.linen.function;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.registry.CodeMemory;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Machine code, given as bytes, in executable memory.
 *
 * <pre>{@code
 * NativeFunction identity = MachineCode.of(0x48, 0x89, 0xf8, 0xc3).function();   // x86-64: mov %rdi,%rax; ret
 * NativeFunction same = MachineCode.of(0xc0, 0x03, 0x5f, 0xd6).function();       // aarch64: ret, which keeps x0
 * }</pre>
 *
 * <p>The code is that of the CPU that the JVM runs on.
 *
 * <p>The memory is first written and then made executable; it is never writable and executable at the same time. When
 * pages become executable, the kernel cleans the caches of CPUs that keep instructions in a cache of their own, such as
 * aarch64. If the kernel supports {@code mseal} (since Linux 6.10), the memory is sealed, so that {@code mprotect} and
 * {@code munmap} fail with EPERM. It stays mapped for the life of the process, like a loaded library. Therefore the same
 * bytes return the same code again instead of mapping it twice. Each code takes at least one page. This class is
 * thread-safe.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/mseal.2.html">mseal(2)</a>
 */
public final class MachineCode {

    private static final int SHOWN_BYTES = 16;

    /** All code, by its bytes in hex. */
    private static final Map<String, MachineCode> BY_BYTES = new HashMap<>();

    private final MemorySegment code;

    private MachineCode(MemorySegment code) {
        this.code = code;
    }

    /**
     * Returns code that consists of these bytes.
     *
     * @param bytes the bytes of the instructions, each from -128 to 255; the code must be position-independent
     * @return the code, ready to run
     * @throws IllegalArgumentException if there are no bytes, or if one is out of range
     * @throws SyscallException from {@code mmap} (ENOMEM) or {@code mprotect} (EACCES: a security policy forbids
     *         executable memory)
     */
    public static MachineCode of(int... bytes) {
        byte[] code = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] < Byte.MIN_VALUE || bytes[i] > 0xFF) {
                throw new IllegalArgumentException("a byte of machine code must be from -128 to 255, not " + bytes[i]
                        + " (at index " + i + ")");
            }
            code[i] = (byte) bytes[i];
        }
        return of(code);
    }

    /**
     * Returns code that consists of these bytes.
     *
     * @param bytes the bytes of the instructions; the code must be position-independent
     * @return the code, ready to run
     * @throws IllegalArgumentException if there are no bytes
     * @throws SyscallException from {@code mmap} (ENOMEM) or {@code mprotect} (EACCES: a security policy forbids
     *         executable memory)
     */
    public static MachineCode of(byte[] bytes) {
        StackRoom.requireForFirstUse();
        byte[] own = bytes.clone(); // the caller may change the array between the mapping and the entry in the map
        if (own.length == 0) {
            throw new IllegalArgumentException("machine code must have at least 1 byte");
        }
        String hex = HexFormat.of().formatHex(own);
        MachineCode code;
        synchronized (BY_BYTES) {
            code = BY_BYTES.get(hex);
        }
        return code == null ? map(own, hex) : code;
    }

    private static MachineCode map(byte[] bytes, String hex) {
        @SuppressWarnings("resource") // unmapped only if it isn't needed
        Mapping mapping = Mapping.anonymous(bytes.length, Protection.READ_WRITE, MapFlags.PRIVATE);
        // Not mapping.segment(): this memory is never unmapped, so its segment has the global scope.
        MemorySegment memory = MemorySegment.ofAddress(mapping.address()).reinterpret(bytes.length);
        MachineCode code = null;
        try {
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
            mapping.protect(Protection.READ_EXEC);
            StackRoom.require(); // what is published must not be unmapped
            code = publish(new MachineCode(memory.asReadOnly()), hex);
        } finally {
            if (code == null || code.code.address() != mapping.address()) {
                mapping.close(); // it can't be executable, or another thread was faster
            }
        }
        if (code.code.address() == mapping.address()) {
            seal(mapping);
        }
        return code;
    }

    /**
     * No system call is made under the lock. No computeIfAbsent: a class for its lambda would delay the first start.
     */
    private static MachineCode publish(MachineCode mapped, String hex) {
        MachineCode known = null;
        try {
            CodeMemory.add(mapped.code.address(), mapped.code.byteSize());
            synchronized (BY_BYTES) {
                known = BY_BYTES.get(hex);
                if (known == null) {
                    BY_BYTES.put(hex, mapped);
                    known = mapped;
                }
            }
        } finally {
            if (known != mapped) {
                synchronized (BY_BYTES) { // a HashMap adds an entry and then grows, for which there may be no memory
                    BY_BYTES.remove(hex, mapped);
                }
                CodeMemory.remove(mapped.code.address());
            }
        }
        return known;
    }

    /**
     * Seals the memory: {@code int mseal(void *addr, size_t len, unsigned long flags)}, since Linux 6.10. Errors are
     * ignored, because the code runs without a seal, too: ENOSYS from an older kernel, EPERM from a seccomp filter that
     * doesn't know the call.
     */
    private static void seal(Mapping mapping) {
        Syscall.invoke(SyscallNumber.MSEAL, mapping.address(), mapping.byteSize(), /* flags */ 0);
    }

    /**
     * Returns the function that starts at the first byte of the code.
     *
     * @return the function
     */
    public NativeFunction function() {
        return NativeFunction.ofMachineCode(code);
    }

    /**
     * Returns the memory of the code. A function may start at any of its bytes:
     * {@code NativeFunction.ofAddress(segment().asSlice(4))}.
     *
     * @return a read-only segment that lives as long as the process
     */
    public MemorySegment segment() {
        return code;
    }

    /**
     * Returns the address and the first bytes of the code.
     *
     * @return "MachineCode[0x7f2c4a000000, 4889f8c3]"
     */
    @Override
    public String toString() {
        long shown = Math.min(code.byteSize(), SHOWN_BYTES);
        String hex = HexFormat.of().formatHex(code.asSlice(0, shown).toArray(JAVA_BYTE));
        return "MachineCode[" + SyscallException.hex(code.address()) + ", " + hex
                + (shown < code.byteSize() ? "..." : "") + "]";
    }
}
