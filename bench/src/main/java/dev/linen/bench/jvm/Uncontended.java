package dev.linen.bench.jvm;

import java.lang.foreign.Arena;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

import dev.linen.futex.Futex;

/**
 * Wakes without a waiter, and waits that return at once: those of a futex, which are system calls, and Java's. {@code
 * futex.c} is the baseline.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Uncontended {

    private final Futex futex = Futex.ofPrivate(Arena.global().allocate(4, 4));
    private final Semaphore semaphore = new Semaphore(0);

    @Benchmark
    public int wake() {
        return futex.wake(1);
    }

    @Benchmark
    public Futex.Wait await() {
        return futex.await(1); // the word is 0
    }

    @Benchmark
    public void unparkPark() {
        LockSupport.unpark(Thread.currentThread());
        LockSupport.park(this);
    }

    @Benchmark
    public void releaseAcquire() throws InterruptedException {
        semaphore.release();
        semaphore.acquire();
    }
}
