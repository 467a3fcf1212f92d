package dev.linen.bench.jvm;

import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * A C function that does nothing, to measure the cost of the call itself. The peers' are called with one argument, and
 * with seven, like all calls of linen's.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Noops {

    private long argument = 1;

    /** Linked as in linen's {@code Trampoline}: not critical, and without captured call state. */
    @Benchmark
    public long linen() {
        return Ffm.noop(argument);
    }

    @Benchmark
    public long jni() {
        return Jni.noop(argument);
    }

    @Benchmark
    public long jniOfSeven() {
        return Jni.noopOfSeven(argument, 0, 0, 0, 0, 0, 0);
    }

    @Benchmark
    public long jna() {
        return Jna.noop(argument);
    }

    @Benchmark
    public long jnaOfSeven() {
        return Jna.noopOfSeven(argument, 0, 0, 0, 0, 0, 0);
    }

    @Benchmark
    public long jnaInterface(JnaInterface jna) {
        return jna.peers.noop(argument);
    }

    @State(Scope.Thread)
    public static class JnaInterface {
        final Jna.Peers peers = Jna.byInterface();
    }

    @Benchmark
    public long jnrFfi() {
        return Jnr.Noop.PEERS.noop(argument);
    }

    @Benchmark
    public long jnrFfiOfSeven() {
        return Jnr.Noop.PEERS.noopOfSeven(argument, 0, 0, 0, 0, 0, 0);
    }
}
