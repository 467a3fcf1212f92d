package dev.linen.bench.jvm;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/**
 * {@code getppid}, which does next to nothing in the kernel, by every available way. {@code getppid.c} is the baseline.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Calls {

    @Benchmark
    public long linen() {
        return Syscall.invoke(SyscallNumber.GETPPID);
    }

    @Benchmark
    public long jni() {
        return Jni.getppid();
    }

    @Benchmark
    public int jna() {
        return Jna.Libc.getppid();
    }

    @Benchmark
    public int jnrPosix() {
        return Jnr.POSIX.getppid();
    }

    @Benchmark
    public long ffmSyscall() {
        return Ffm.syscall(SyscallNumber.GETPPID);
    }

    /** OpenHFT has no getppid; getpid does less in the kernel. */
    @Benchmark
    public int openHftGetpid() {
        return OpenHft.getpid();
    }
}
