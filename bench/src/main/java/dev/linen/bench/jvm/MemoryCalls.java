package dev.linen.bench.jvm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import dev.linen.memory.Advice;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;

/** The operations of a mapping, one by one, without touching its memory. {@code mapping.c} is the baseline. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MemoryCalls {

    private static final long BYTES = 2 << 20;

    private final Path file = Path.of(System.getProperty("bench.file", ""));
    private final Mapping page = Mapping.anonymous(Mapping.pageSize());

    @TearDown
    public void unmap() {
        page.close();
    }

    @Benchmark
    public long map() {
        try (Mapping mapping = Mapping.anonymous(BYTES)) {
            return mapping.address();
        }
    }

    @Benchmark
    public long mapFfm() {
        MemorySegment memory = LibcMemory.map(BYTES);
        LibcMemory.unmap(memory, BYTES);
        return memory.address();
    }

    @Benchmark
    public long mapArena() {
        try (Arena arena = Arena.ofShared()) {
            return arena.allocate(BYTES).address();
        }
    }

    @Benchmark
    public void protect() {
        page.protect(Protection.READ);
        page.protect(Protection.READ_WRITE);
    }

    @Benchmark
    public void protectFfm() {
        MemorySegment address = MemorySegment.ofAddress(page.address());
        LibcMemory.protect(address, page.byteSize(), Protection.READ.bits());
        LibcMemory.protect(address, page.byteSize(), Protection.READ_WRITE.bits());
    }

    @Benchmark
    public void advise() {
        page.advise(Advice.DONTNEED);
    }

    @Benchmark
    public void adviseFfm() {
        LibcMemory.advise(MemorySegment.ofAddress(page.address()), page.byteSize(), Advice.DONTNEED.number());
    }

    @Benchmark
    public long file() {
        try (Mapping mapping = Mapping.file(file)) {
            return mapping.address();
        }
    }

    @Benchmark
    public long fileChannel() throws IOException {
        try (FileChannel channel = FileChannel.open(file); Arena arena = Arena.ofShared()) {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena).address();
        }
    }
}
