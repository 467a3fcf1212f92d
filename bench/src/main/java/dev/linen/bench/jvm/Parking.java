package dev.linen.bench.jvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThreadBuilder;

/** Sleeping threads, of either kind. */
interface Parking {

    /** Starts threads until there are that many, and waits until all of them sleep. */
    void growTo(int threads) throws InterruptedException;

    /** Starts a thread that does nothing, and waits for its end. */
    void cycle() throws InterruptedException;

    /** Wakes all threads, and waits until they have ended. */
    void end() throws InterruptedException;

    static Parking of(String kind, NativeThreadBuilder builder) {
        return switch (kind) {
            case "linen" -> new Linen(builder);
            case "Thread" -> new Java();
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** The threads sleep in a futex, like those of the C programs. */
    final class Linen implements Parking {

        private static final VarHandle DWORD = JAVA_INT.varHandle();

        private static final NativeFunction IDENTITY = Functions.identity();
        private static final NativeFunction PARK_ON = Functions.parkOn();

        private final MemorySegment word = Arena.global().allocate(8, 8);
        private final List<NativeThread> threads = new ArrayList<>();
        private final NativeThreadBuilder builder;

        Linen(NativeThreadBuilder builder) {
            this.builder = builder;
        }

        @Override
        public void growTo(int many) throws InterruptedException {
            while (threads.size() < many) {
                threads.add(builder.start(PARK_ON, word));
            }
            while ((int) DWORD.getVolatile(word, 4L) < many) {
                Thread.sleep(1);
            }
        }

        @Override
        public void cycle() throws InterruptedException {
            try (NativeThread thread = builder.start(IDENTITY, 1)) {
                thread.join();
            }
        }

        @Override
        public void end() throws InterruptedException {
            Futex futex = Futex.ofShared(word);
            futex.set(1);
            futex.wakeAll();
            for (NativeThread thread : threads) {
                thread.join();
                thread.close();
            }
        }

        int size() {
            return threads.size();
        }
    }

    /** The threads sleep in {@code LockSupport.park}. */
    final class Java implements Parking {

        private final List<Thread> threads = new ArrayList<>();
        private final AtomicInteger parked = new AtomicInteger();
        private volatile boolean over;

        @Override
        public void growTo(int many) throws InterruptedException {
            while (threads.size() < many) {
                threads.add(Thread.ofPlatform().daemon().start(this::park));
            }
            while (parked.get() < many) {
                Thread.sleep(1);
            }
        }

        @Override
        public void cycle() throws InterruptedException {
            Thread thread = new Thread(() -> {});
            thread.start();
            thread.join();
        }

        private void park() {
            parked.incrementAndGet();
            while (!over) {
                LockSupport.park(this);
            }
        }

        @Override
        public void end() throws InterruptedException {
            over = true;
            threads.forEach(LockSupport::unpark);
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
