package dev.linen.bench.jvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Maps 2 MiB, writes to each page, and unmaps them. {@code map.c} is the baseline. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Mappings {

    private static final long BYTES = 2 << 20;
    private static final long PAGE = Mapping.pageSize();
    private static final long READ_WRITE = Protection.READ_WRITE.bits();
    private static final long PRIVATE_ANONYMOUS = MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).bits();

    @Benchmark
    public long linen() {
        try (Mapping mapping = Mapping.anonymous(BYTES)) {
            return touch(mapping.segment());
        }
    }

    /** With only the two system calls. */
    @Benchmark
    public long raw() {
        long address = Syscall.invoke(SyscallNumber.MMAP, 0, BYTES, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
        touch(MemorySegment.ofAddress(address).reinterpret(BYTES));
        return Syscall.invoke(SyscallNumber.MUNMAP, address, BYTES);
    }

    /** malloc keeps the memory for the next allocation, so here the kernel provides each page only once. */
    @Benchmark
    public long arena() {
        try (Arena arena = Arena.ofShared()) {
            return touch(arena.allocate(BYTES));
        }
    }

    private static long touch(MemorySegment memory) {
        for (long i = 0; i < BYTES; i += PAGE) {
            memory.set(JAVA_BYTE, i, (byte) 1);
        }
        return memory.address();
    }
}
