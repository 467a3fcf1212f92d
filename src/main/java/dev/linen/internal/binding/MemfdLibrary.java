package dev.linen.internal.binding;

import static dev.linen.internal.linux.Kernel.MFD_CLOEXEC;
import static dev.linen.internal.linux.Kernel.MFD_NOEXEC_SEAL;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;

import dev.linen.internal.linux.x86_64.Numbers;

/**
 * A shared library that is opened from memory: a memfd, {@code /proc/self/fd/N} to the dynamic linker. It works where
 * {@code /tmp} is noexec or read-only, and leaves nothing behind.
 *
 * <p>Its two system calls go through libc, because the trampoline is loaded this way itself.
 */
public final class MemfdLibrary {

    private static final String DIRECTORY = "/proc/self/fd";

    /** {@code long syscall(long number, ...)} of libc. */
    private final MethodHandle syscall;

    /** Not in a static field: without native access this throws, and that must reach the caller as it is. */
    private MemfdLibrary() {
        syscall = DynamicLinker.downcall(Linker.nativeLinker().defaultLookup().find("syscall").orElseThrow());
    }

    /**
     * Opens a library.
     *
     * @param elf its bytes
     * @param name what {@code /proc/self/maps} calls it: "/memfd:NAME (deleted)"
     * @return its symbols
     * @throws IllegalCallerException without native access
     * @throws IOException when there can be no memfd, or with the dynamic linker's words when it refuses the library
     */
    public static SymbolLookup open(byte[] elf, String name) throws IOException {
        return new MemfdLibrary().openAs(elf, name);
    }

    private SymbolLookup openAs(byte[] elf, String name) throws IOException {
        long memfd = memfdCreate(name);
        if (memfd < 0) {
            throw new IOException("memfd_create is refused (a filter, or a kernel older than 3.17)");
        }
        try {
            Files.write(Path.of(DIRECTORY, Long.toString(memfd)), elf);
            return open(uniquePath(memfd), name);
        } finally {
            call(Numbers.__NR_close(), memfd, 0);
        }
    }

    private static SymbolLookup open(String path, String name) throws IOException {
        try {
            return DynamicLinker.open(path);
        } catch (IOException refused) {
            throw new IOException(String.valueOf(refused.getMessage()).replace(path, name));
        }
    }

    /**
     * Sealed against exec where the kernel knows that (6.3): the dynamic linker only maps the file, and this kind is
     * allowed under every setting of the sysctl vm.memfd_noexec.
     */
    private long memfdCreate(String name) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocateFrom(JAVA_BYTE, (name + '\0').getBytes(StandardCharsets.UTF_8)).address();
            long memfd = call(Numbers.__NR_memfd_create(), address, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
            return memfd >= 0 ? memfd : call(Numbers.__NR_memfd_create(), address, MFD_CLOEXEC);
        }
    }

    /**
     * A path that nobody has used before. The dynamic linker compares names before it looks at files: asked for
     * {@code /proc/self/fd/9} again, it hands out what it opened under that name last time, whatever is there now. So the
     * same directory is spelled in a new way each time, with 64 random bits: // for a 0, /. for a 1.
     */
    private static String uniquePath(long fd) {
        StringBuilder path = new StringBuilder(DIRECTORY);
        long random = ThreadLocalRandom.current().nextLong();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            path.append((random >>> bit & 1) == 0 ? "//" : "/.");
        }
        return path.append('/').append(fd).toString();
    }

    private long call(long number, long a, long b) {
        try {
            return (long) syscall.invokeExact(number, a, b, 0L, 0L, 0L, 0L);
        } catch (Throwable impossible) {
            throw new AssertionError("a downcall throws nothing", impossible);
        }
    }
}
