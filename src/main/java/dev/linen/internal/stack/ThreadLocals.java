package dev.linen.internal.stack;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.Machine;
import dev.linen.internal.linux.linen_slab;
import dev.linen.memory.Mapping;

/**
 * The thread-local block that the threads of a slab share: one read-only page, and a guard on that side of it where
 * libc's thread-local storage would be. Which side that is differs by CPU, and so does what is at the thread pointer:
 * {@code tls.h} of each CPU has a drawing.
 */
public abstract sealed class ThreadLocals {

    private static final ThreadLocals OF_THIS_CPU = Machine.THIS == Machine.AARCH64 ? new Aarch64() : new X86();

    private ThreadLocals() {}

    /** Returns those of the CPU that this JVM runs on. */
    public static ThreadLocals ofThisCpu() {
        return OF_THIS_CPU;
    }

    /** Below the thread pointer is libc's storage: the guard. The block begins its page. */
    private static final class X86 extends ThreadLocals {

        @Override
        public MemoryLayout layout() {
            return dev.linen.internal.linux.x86_64.linen_tls.layout();
        }

        @Override
        long guardOffset() {
            return 0;
        }

        @Override
        long pageOffset() {
            return guardBytes();
        }

        @Override
        long pointerOffset() {
            return pageOffset();
        }

        @Override
        public long slab(long threadPointer) {
            return threadPointer + layout().byteSize();
        }

        @Override
        void fill(MemorySegment tls, long protector) {
            dev.linen.internal.linux.x86_64.linen_tls.self(tls, tls.address());
            dev.linen.internal.linux.x86_64.linen_tls.magic(tls, LinenH.LINEN_TLS_MAGIC);
            dev.linen.internal.linux.x86_64.linen_tls.poison(tls, LinenH.LINEN_TLS_MAGIC);
            dev.linen.internal.linux.x86_64.linen_tls.stack_guard(tls, protector);
        }

        @Override
        List<String> shown() {
            return List.of("stack_guard", "magic", "self");
        }
    }

    /** Above the thread pointer is libc's storage: the guard. The block ends its page. */
    private static final class Aarch64 extends ThreadLocals {

        @Override
        public MemoryLayout layout() {
            return dev.linen.internal.linux.aarch64.linen_tls.layout();
        }

        @Override
        long guardOffset() {
            return Mapping.pageSize();
        }

        @Override
        long pageOffset() {
            return 0;
        }

        @Override
        long pointerOffset() {
            return Mapping.pageSize() - layout().byteSize();
        }

        @Override
        public long slab(long threadPointer) {
            return threadPointer - linen_slab.sizeof();
        }

        @Override
        void fill(MemorySegment tls, long protector) {
            dev.linen.internal.linux.aarch64.linen_tls.poison(tls, LinenH.LINEN_TLS_MAGIC);
            dev.linen.internal.linux.aarch64.linen_tls.magic(tls, LinenH.LINEN_TLS_MAGIC);
        }

        @Override
        List<String> shown() {
            return List.of("magic", "poison");
        }
    }

    /** Returns the layout of struct linen_tls, which the thread pointer points to. */
    public abstract MemoryLayout layout();

    /** Returns the offset of the guard from the slab's lowest address. */
    abstract long guardOffset();

    /** Returns the offset of the read-only page. */
    abstract long pageOffset();

    /** Returns the offset of what the thread pointer points to, which is in that page. */
    abstract long pointerOffset();

    /** Returns the address of the struct linen_slab of a thread pointer. */
    public abstract long slab(long threadPointer);

    /** Fills in the struct linen_tls. */
    abstract void fill(MemorySegment tls, long protector);

    /** Returns the names of the words that a sketch shows, the highest first. */
    abstract List<String> shown();

    /** Returns the words of a struct linen_tls by name, the highest first. */
    public final Map<String, Long> words(MemorySegment tls) {
        Map<String, Long> words = new LinkedHashMap<>();
        for (String name : shown()) {
            words.put(name, tls.get(JAVA_LONG, layout().byteOffset(PathElement.groupElement(name))));
        }
        return words;
    }

    /** Returns the lowest address of the slab of a thread pointer. */
    public final long begin(long threadPointer) {
        return threadPointer - pointerOffset();
    }

    /** Returns the guard of a thread pointer. */
    public final MemorySegment guard(long threadPointer) {
        return MemorySegment.ofAddress(begin(threadPointer) + guardOffset()).reinterpret(guardBytes());
    }

    /** Returns the read-only page of a thread pointer. */
    public final MemorySegment page(long threadPointer) {
        return MemorySegment.ofAddress(begin(threadPointer) + pageOffset()).reinterpret(Mapping.pageSize());
    }

    public static long guardBytes() {
        return StackGeometry.roundUp(LinenH.LINEN_TLS_GUARD_BYTES, Mapping.pageSize());
    }

    /** Returns the size of both, which a slab begins with. */
    public static long bytes() {
        return guardBytes() + Mapping.pageSize();
    }
}
