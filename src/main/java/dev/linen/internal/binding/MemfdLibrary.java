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
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

import dev.linen.internal.linux.Numbers;
import dev.linen.internal.registry.KeptDescriptors;

/**
 * Opens a shared library from memory: from a memfd, which the dynamic linker opens as {@code /proc/PID/fd/N}. This
 * works even if {@code /tmp} is read-only or mounted noexec, and leaves no file behind.
 *
 * <p>The memfd stays open, and its path has the process's id: a debugger that attaches opens what the dynamic linker's
 * list of libraries names. With {@code /proc/self/fd/N}, it would open one of its own descriptors, and wait for ever if
 * that is a pipe.
 *
 * <p>The two system calls are made through libc, because linen's own library is loaded this way.
 */
public final class MemfdLibrary {

    /** Thrown if a library can't be opened from a memfd, whatever the library. */
    public static final class NoMemfdException extends IOException {

        private static final long serialVersionUID = 1;

        NoMemfdException(String reason) {
            super(reason);
        }
    }

    private static final Path OWN_PROCESS = Path.of("/proc/self");
    private static final Path OWN_FILES = Path.of("/proc/self/fd");

    /** The numbers under which a library has been opened: the dynamic linker would return that one again. */
    private static final Set<Long> USED = ConcurrentHashMap.newKeySet();

    /** {@code long syscall(long number, ...)} of libc. */
    private final MethodHandle syscall;

    /**
     * The handle isn't in a static field: creating it throws without native access, and a static initialiser would wrap
     * that exception.
     */
    private MemfdLibrary() {
        syscall = DynamicLinker.downcall(Linker.nativeLinker().defaultLookup().find("syscall").orElseThrow());
    }

    /**
     * Opens a library.
     *
     * @param elf the bytes of the library
     * @param name the name that {@code /proc/self/maps} shows: "/memfd:NAME (deleted)"
     * @return the symbols of the library
     * @throws IllegalCallerException without native access
     * @throws IOException if the memfd can't be created, or if the dynamic linker can't load the library; in this case
     *         the message is the one of the dynamic linker
     */
    public static SymbolLookup open(byte[] elf, String name) throws IOException {
        return new MemfdLibrary().openAs(elf, name);
    }

    private SymbolLookup openAs(byte[] elf, String name) throws IOException {
        long memfd = memfdCreate(name);
        if (memfd < 0) {
            throw new NoMemfdException("memfd_create failed (no file descriptor is left, a seccomp filter, or a kernel "
                    + "older than 3.17)");
        }
        boolean opened = false;
        try {
            write(OWN_FILES.resolve(Long.toString(memfd)), elf);
            SymbolLookup symbols = open(path(memfd), name);
            KeptDescriptors.add((int) memfd);
            opened = true;
            return symbols;
        } finally {
            if (!opened) {
                call(Numbers.__NR_close(), memfd, 0);
            }
        }
    }

    private static void write(Path file, byte[] elf) throws IOException {
        try {
            Files.write(file, elf);
        } catch (NoSuchFileException missing) {
            throw new NoMemfdException("a memfd has no path: /proc isn't mounted, or is that of another PID namespace");
        }
    }

    /** The number of this process in the namespace of /proc, which need not be the one that getpid returns. */
    private static Path ownProcess() throws IOException {
        return Files.readSymbolicLink(OWN_PROCESS);
    }

    private static SymbolLookup open(String path, String name) throws IOException {
        try {
            return DynamicLinker.open(path);
        } catch (IOException refused) {
            throw new IOException(String.valueOf(refused.getMessage()).replace(path, name));
        }
    }

    /**
     * Creates a memfd. If the kernel supports it (since Linux 6.3), the memfd is sealed against exec: the dynamic
     * linker only maps the file, and this kind is allowed under every setting of the sysctl vm.memfd_noexec.
     */
    private long memfdCreate(String name) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocateFrom(JAVA_BYTE, (name + '\0').getBytes(StandardCharsets.UTF_8)).address();
            long memfd = call(Numbers.__NR_memfd_create(), address, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
            return memfd >= 0 ? memfd : call(Numbers.__NR_memfd_create(), address, MFD_CLOEXEC);
        }
    }

    /**
     * Returns a path that hasn't been used before. The dynamic linker compares names before it opens files: for a name
     * that it knows it returns the library that it opened under that name, even if the file is another one by now. A
     * number is used again only if the program has closed a descriptor of linen's. Then the same directory is spelled
     * differently, with 64 random bits: // for a 0, /. for a 1.
     */
    private String path(long fd) throws IOException {
        StringBuilder path = new StringBuilder("/proc/").append(ownProcess()).append("/fd");
        if (!USED.add(fd)) {
            long random = ThreadLocalRandom.current().nextLong();
            for (int bit = 0; bit < Long.SIZE; bit++) {
                path.append((random >>> bit & 1) == 0 ? "//" : "/.");
            }
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
