package dev.linen.bench.jvm;

import dev.linen.bench.jvm.Turns.Side;

/**
 * {@code PingPong linen|LockSupport|Semaphore|SynchronousQueue TURNS}: two threads hand each other the turn; the one
 * that waits for it sleeps. Measures the time from before each wake until the other thread is awake, and the time of
 * each round trip. {@code pingpong.c} does the same with a futex.
 */
public final class PingPong {

    private final Turns turns;

    /** When the first thread woke the other one; the other one reads it when it has the turn. */
    private long sent;

    private PingPong(Turns turns) {
        this.turns = turns;
    }

    public static void main(String... arguments) throws InterruptedException {
        int times = Integer.parseInt(arguments[1]);
        PingPong game = new PingPong(Turns.of(arguments[0]));
        game.play(times); // warms up
        game.play(times).print();
    }

    /** The measured times. */
    private record Times(Singles wakeUps, Singles roundTrips) {

        void print() {
            wakeUps.print();
            roundTrips.print();
        }
    }

    private Times play(int times) throws InterruptedException {
        Times taken = new Times(new Singles("wake-up", times), new Singles("round-trip", times));
        Thread answerer = new Thread(() -> answer(times, taken.wakeUps()));
        turns.begin(Thread.currentThread(), answerer);
        answerer.start();
        for (int i = 0; i < times; i++) {
            sent = System.nanoTime();
            turns.give(Side.OTHER);
            turns.await(Side.FIRST);
            taken.roundTrips().add(System.nanoTime() - sent);
        }
        answerer.join();
        return taken;
    }

    private void answer(int times, Singles wakeUps) {
        try {
            for (int i = 0; i < times; i++) {
                turns.await(Side.OTHER);
                wakeUps.add(System.nanoTime() - sent);
                turns.give(Side.FIRST);
            }
        } catch (InterruptedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
