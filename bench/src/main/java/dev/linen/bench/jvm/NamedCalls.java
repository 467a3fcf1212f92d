package dev.linen.bench.jvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

import dev.linen.syscall.Linux;
import dev.linen.syscall.LinuxOrThrow;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Calls by name, whose segment is checked and held, beside the same by number. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NamedCalls {

    private static final int NO_DESCRIPTOR = -1;

    private final MemorySegment buffer = Arena.ofAuto().allocate(512);

    @Benchmark
    public long raw() {
        return Syscall.invoke(SyscallNumber.READ, NO_DESCRIPTOR, buffer.address(), buffer.byteSize());
    }

    @Benchmark
    public long named() {
        return Linux.read(NO_DESCRIPTOR, buffer);
    }

    @Benchmark
    public long rawUname() {
        return Syscall.invoke(SyscallNumber.UNAME, buffer.address());
    }

    @Benchmark
    public long namedOrThrow() {
        return LinuxOrThrow.uname(buffer);
    }
}
