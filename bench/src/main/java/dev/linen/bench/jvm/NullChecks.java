package dev.linen.bench.jvm;

import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

import dev.linen.thread.FaultContainment;
import dev.linen.thread.NativeThread;

/**
 * Java's own NullPointerException by SIGSEGV, with linen's signal handler in front of the JVM's, or with faults off.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NullChecks {

    private @Nullable Box none;

    private static final class Box {
        private int value;
    }

    @Setup
    public void startThread() throws InterruptedException {
        try (NativeThread thread = NativeThread.start(Functions.identity(), 1)) {
            thread.join();
        }
        FaultContainment wanted = "off".equals(System.getProperty("dev.linen.faults"))
                ? FaultContainment.OFF
                : FaultContainment.ON;
        if (FaultContainment.now() != wanted) {
            throw new IllegalStateException("fault containment is " + FaultContainment.now() + ", not " + wanted);
        }
    }

    @Benchmark
    public Object nullPointerException() {
        try {
            return read(none);
        } catch (NullPointerException expected) {
            return expected;
        }
    }

    /** Interpreted: once it has seen a null, the compiler would insert an explicit test. */
    @CompilerControl(CompilerControl.Mode.EXCLUDE)
    @SuppressWarnings("null")
    private static int read(@Nullable Box box) {
        return box.value;
    }
}
