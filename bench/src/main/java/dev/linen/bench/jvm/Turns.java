package dev.linen.bench.jvm;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;

import dev.linen.futex.Futex;

/** Which of two threads has the turn; the one that waits for it sleeps. */
interface Turns {

    /** One of the two threads. */
    enum Side {
        FIRST, OTHER
    }

    /** Sets the threads; the first one has the turn. */
    default void begin(Thread first, Thread other) {}

    /** Hands the turn to a thread. */
    void give(Side side) throws InterruptedException;

    void await(Side side) throws InterruptedException;

    static Turns of(String way) {
        return switch (way) {
            case "linen" -> new OfFutex();
            case "LockSupport" -> new OfLockSupport();
            case "Semaphore" -> new OfSemaphores();
            case "SynchronousQueue" -> new OfQueues();
            default -> throw new IllegalArgumentException(way);
        };
    }

    /** The word is 0 or 1: the side that has the turn. */
    final class OfFutex implements Turns {

        private final Futex word = Futex.ofPrivate(Arena.global().allocate(4, 4));

        @Override
        public void give(Side side) {
            word.set(side.ordinal());
            word.wake(1);
        }

        @Override
        public void await(Side side) {
            while (word.value() != side.ordinal()) {
                word.await(1 - side.ordinal());
            }
        }
    }

    /** Like {@link OfFutex}, but with the primitive that the JDK's own classes use. */
    final class OfLockSupport implements Turns {

        private volatile List<Thread> threads = List.of();
        private volatile Side turn = Side.FIRST;

        @Override
        public void begin(Thread first, Thread other) {
            threads = List.of(first, other);
        }

        @Override
        public void give(Side side) {
            turn = side;
            LockSupport.unpark(threads.get(side.ordinal()));
        }

        @Override
        public void await(Side side) {
            while (turn != side) {
                LockSupport.park(this);
            }
        }
    }

    /** A permit for each side. */
    final class OfSemaphores implements Turns {

        private final List<Semaphore> permits = List.of(new Semaphore(0), new Semaphore(0));

        @Override
        public void give(Side side) {
            permits.get(side.ordinal()).release();
        }

        @Override
        public void await(Side side) throws InterruptedException {
            permits.get(side.ordinal()).acquire();
        }
    }

    /** A queue for each side; give blocks until the other thread has taken the turn. */
    final class OfQueues implements Turns {

        private final List<SynchronousQueue<Side>> queues = List.of(new SynchronousQueue<>(), new SynchronousQueue<>());

        @Override
        public void give(Side side) throws InterruptedException {
            queues.get(side.ordinal()).put(side);
        }

        @Override
        public void await(Side side) throws InterruptedException {
            queues.get(side.ordinal()).take();
        }
    }
}
