package dev.linen.internal.binding;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The functions of libc that create and join a thread. In C they return 0 or an errno; here, as everywhere in linen,
 * they return 0 or {@code -errno}.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/pthreads.7.html">pthreads(7)</a>
 */
public final class Pthread {

    /**
     * {@code pthread_attr_t}, whose layout is private to libc. It has 56 or 64 bytes in glibc and musl; this is larger.
     */
    private static final MemoryLayout ATTRIBUTES = MemoryLayout.sequenceLayout(32, JAVA_LONG);

    private static final MemorySegment ENTRY = NativeLibrary.function("linen_posix_child");
    private static final MethodHandle ATTR_INIT = link("pthread_attr_init",
            FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ATTR_DESTROY = link("pthread_attr_destroy",
            FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ATTR_SETSTACK = link("pthread_attr_setstack",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle CREATE = link("pthread_create",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
    private static final MethodHandle TRYJOIN = link("pthread_tryjoin_np",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS));

    /** For a check of the size only. */
    private static final long SOME_ADDRESS = 1L << 20;

    private static final Pattern GLIBC_VERSION = Pattern.compile("2\\.([0-9]+).*");
    private static final int FIRST_THAT_KEEPS_STACKS = 32;
    private static final boolean DISCARDS = discardsByVersion();

    private Pthread() {}

    /**
     * {@code pthread_create} with {@code pthread_attr_setstack}: starts the thread that the control block describes. It
     * runs {@code linen_posix_child}.
     *
     * @param threadOut receives the pthread_t, 8 bytes
     * @return 0, or -errno
     */
    public static long create(MemorySegment threadOut, long stackAddress, long stackBytes, long controlAddress) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTES);
            int error = (int) ATTR_INIT.invokeExact(attributes);
            if (error != 0) {
                return -error;
            }
            error = (int) ATTR_SETSTACK.invokeExact(attributes, stackAddress, stackBytes);
            if (error == 0) {
                error = (int) CREATE.invokeExact(threadOut, attributes, ENTRY, controlAddress);
            }
            int ignored = (int) ATTR_DESTROY.invokeExact(attributes);
            return -error;
        } catch (Throwable t) {
            throw Trampoline.asIs(t);
        }
    }

    /**
     * {@code pthread_tryjoin_np}, which both glibc and musl have: joins a thread if libc no longer uses its stack. If
     * this returns 0, the pthread_t is no longer valid.
     *
     * @param resultOut receives the result, 8 bytes
     * @return 0; -EBUSY if the thread is running; -EINVAL if it was detached
     */
    public static long tryJoin(long thread, MemorySegment resultOut) {
        try {
            int error = (int) TRYJOIN.invokeExact(thread, resultOut);
            return -error;
        } catch (Throwable t) {
            throw Trampoline.asIs(t);
        }
    }

    /** Returns whether {@code pthread_attr_setstack} accepts a stack of that size. */
    public static boolean accepts(long stackBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ATTRIBUTES);
            int error = (int) ATTR_INIT.invokeExact(attributes);
            if (error == 0) {
                error = (int) ATTR_SETSTACK.invokeExact(attributes, SOME_ADDRESS, stackBytes);
                int ignored = (int) ATTR_DESTROY.invokeExact(attributes);
            }
            return error == 0;
        } catch (Throwable t) {
            throw Trampoline.asIs(t);
        }
    }

    /**
     * Returns whether this libc discards the pages of a stack, even of a stack that isn't its own, when the thread
     * ends: glibc did so before 2.32.
     */
    public static boolean discardsStacks() {
        return DISCARDS;
    }

    private static boolean discardsByVersion() {
        return Linker.nativeLinker().defaultLookup().find("gnu_get_libc_version").map(function -> {
            try {
                MethodHandle call = Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(ADDRESS));
                MemorySegment version = (MemorySegment) call.invokeExact();
                return discardsStacks(version.reinterpret(Long.MAX_VALUE).getString(0));
            } catch (Throwable t) {
                throw Trampoline.asIs(t);
            }
        }).orElse(false); // musl
    }

    static boolean discardsStacks(String glibcVersion) {
        Matcher version = GLIBC_VERSION.matcher(glibcVersion);
        return version.matches() && Integer.parseInt(version.group(1)) < FIRST_THAT_KEEPS_STACKS;
    }

    private static MethodHandle link(String name, FunctionDescriptor type) {
        MemorySegment function = Linker.nativeLinker().defaultLookup().or(Pthread::inOldGlibc).find(name)
                .orElseThrow(() -> new UnsupportedOperationException("this libc has no " + name));
        return Linker.nativeLinker().downcallHandle(function, type);
    }

    /** Before glibc 2.34 the functions were in a separate library, which the JVM has loaded. */
    private static Optional<MemorySegment> inOldGlibc(String name) {
        try {
            return SymbolLookup.libraryLookup("libpthread.so.0", Arena.global()).find(name);
        } catch (IllegalArgumentException none) {
            return Optional.empty();
        }
    }
}
