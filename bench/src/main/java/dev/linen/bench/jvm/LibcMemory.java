package dev.linen.bench.jvm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

import dev.linen.memory.MapFlags;
import dev.linen.memory.Protection;

/** Libc's mmap, munmap, mprotect and madvise, linked as usual: with errno captured, although it isn't read here. */
final class LibcMemory {

    private static final MethodHandle MMAP = link("mmap",
            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = link("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle MPROTECT = link("mprotect",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle MADVISE = link("madvise",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private static final MemorySegment STATE = Arena.global().allocate(Linker.Option.captureStateLayout());
    private static final int PRIVATE_ANONYMOUS = MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).bits();

    private LibcMemory() {}

    private static MethodHandle link(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type,
                Linker.Option.captureCallState("errno"));
    }

    static MemorySegment map(long bytes) {
        try {
            return (MemorySegment) MMAP.invokeExact(STATE, MemorySegment.NULL, bytes,
                    Protection.READ_WRITE.bits(), PRIVATE_ANONYMOUS, /* fd */ -1, /* offset */ 0L);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    static void unmap(MemorySegment address, long bytes) {
        try {
            check((int) MUNMAP.invokeExact(STATE, address, bytes));
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    static void protect(MemorySegment address, long bytes, int protection) {
        try {
            check((int) MPROTECT.invokeExact(STATE, address, bytes, protection));
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    static void advise(MemorySegment address, long bytes, int advice) {
        try {
            check((int) MADVISE.invokeExact(STATE, address, bytes, advice));
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    private static void check(int result) {
        if (result != 0) {
            throw new IllegalStateException("a call of libc failed");
        }
    }
}
