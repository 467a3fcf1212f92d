package dev.linen.bench.jvm;

import dev.linen.bench.jvm.Turns.Side;

/**
 * {@code PingPong linen|LockSupport|Semaphore|SynchronousQueue TURNS}: two threads that hand each other the turn and sleep meanwhile.
 * From before each wake to awake in the other thread, and there and back; {@code pingpong.c} does the same with a futex.
 */
public final class PingPong {

    private final Turns turns;

    /** When the one who began has woken the other; read by whom that gave the turn. */
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

    /** What was taken of the time: of the ways there, and there and back. */
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
        } catch (InterruptedException nobodyDoes) {
            throw new IllegalStateException(nobodyDoes);
        }
    }
}
