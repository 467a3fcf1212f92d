package dev.linen.bench.jvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;

import dev.linen.memory.Mapping;

/** 2 MiB mapped, each page written to, and given back. {@code map.c} is the baseline. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Mappings {

    private static final long BYTES = 2 << 20;
    private static final long PAGE = 4096;

    @Benchmark
    public long linen() {
        try (Mapping mapping = Mapping.anonymous(BYTES)) {
            return touch(mapping.segment());
        }
    }

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
