package dev.linen.function;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

import dev.linen.internal.registry.CodeMemory;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * Instructions of this CPU, as bytes, in memory that can be executed.
 *
 * <pre>{@code
 * NativeFunction identity = MachineCode.of(0x48, 0x89, 0xf8, 0xc3).function();   // mov %rdi,%rax; ret
 * }</pre>
 *
 * <p>The memory is written first and made executable then, never both; where the kernel knows {@code mseal} (Linux 6.10),
 * nobody can change or unmap it any more: {@code mprotect} and {@code munmap} fail with EPERM. It stays for the life of
 * the process, as a loaded library does: the same bytes give the same code again, and no second mapping. Each takes a page
 * at least. May be used from any thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/mseal.2.html">mseal(2)</a>
 */
public final class MachineCode {

    private static final int SHOWN_BYTES = 16;

    /** By their bytes, in hex. */
    private static final Map<String, MachineCode> BY_BYTES = new HashMap<>();

    private final MemorySegment code;

    private MachineCode(MemorySegment code) {
        this.code = code;
    }

    /**
     * Code that consists of these bytes.
     *
     * @param bytes the instructions' bytes, each from -128 to 255; position independent
     * @return the code, ready to run
     * @throws IllegalArgumentException when there are no bytes, or one isn't a byte
     * @throws SyscallException of {@code mmap} (ENOMEM) or {@code mprotect} (EACCES: a security policy forbids it)
     */
    public static MachineCode of(int... bytes) {
        byte[] code = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] < Byte.MIN_VALUE || bytes[i] > 0xFF) {
                throw new IllegalArgumentException("a byte of machine code is a number from -128 to 255, not "
                        + bytes[i] + " (the one at " + i + ")");
            }
            code[i] = (byte) bytes[i];
        }
        return of(code);
    }

    /**
     * Code that consists of these bytes.
     *
     * @param bytes the instructions' bytes; position independent
     * @return the code, ready to run
     * @throws IllegalArgumentException when there are no bytes
     * @throws SyscallException of {@code mmap} (ENOMEM) or {@code mprotect} (EACCES: a security policy forbids it)
     */
    public static MachineCode of(byte[] bytes) {
        byte[] own = bytes.clone(); // what is mapped must be what is remembered
        if (own.length == 0) {
            throw new IllegalArgumentException("there is no machine code in 0 bytes");
        }
        String hex = HexFormat.of().formatHex(own);
        synchronized (BY_BYTES) { // no computeIfAbsent: the JVM's first thread would wait for a lambda's class
            MachineCode code = BY_BYTES.get(hex);
            if (code == null) {
                code = map(own);
                BY_BYTES.put(hex, code);
            }
            return code;
        }
    }

    private static MachineCode map(byte[] bytes) {
        @SuppressWarnings("resource") // for good
        Mapping mapping = Mapping.anonymous(bytes.length, Protection.READ_WRITE, MapFlags.PRIVATE);
        // Not mapping.segment(): nobody closes this one, and that shows in a segment of the global scope.
        MemorySegment memory = MemorySegment.ofAddress(mapping.address()).reinterpret(bytes.length);
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
        try {
            mapping.protect(Protection.READ_EXEC);
        } catch (SyscallException forbidden) {
            mapping.close();
            throw forbidden;
        }
        seal(mapping);
        CodeMemory.add(memory.address(), memory.byteSize());
        return new MachineCode(memory.asReadOnly());
    }

    /**
     * {@code int mseal(void *addr, size_t len, unsigned long flags)}, since Linux 6.10. Its error isn't looked at: ENOSYS
     * of an older kernel, EPERM of a filter that doesn't know the call. The code runs all the same.
     */
    private static void seal(Mapping mapping) {
        Syscall.invoke(SyscallNumber.MSEAL, mapping.address(), mapping.byteSize(), /* flags */ 0);
    }

    /**
     * The code as a function that starts at its first byte.
     *
     * @return the function
     */
    public NativeFunction function() {
        return NativeFunction.ofMachineCode(code);
    }

    /**
     * The bytes, where they lie. A function may start at any of them: {@code NativeFunction.ofAddress(segment().asSlice(4))}.
     *
     * @return a read-only segment that lives as long as the process
     */
    public MemorySegment segment() {
        return code;
    }

    /**
     * Where it is, and its first bytes.
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
