package dev.linen.bench.jvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

import dev.linen.function.NativeFunction;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;

/**
 * {@code EndJoin returned|killed|faulted WARM_UP_MILLIS TIMES}: the times of that many threads, one after another,
 * beside one that keeps their slab mapped:
 *
 * <ul> <li>join: of join alone, when the thread has ended <li>end: from the moment at which the thread is made to end,
 * until join has returned or thrown <li>life: of start, end, join and close </ul>
 */
public final class EndJoin {

    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();
    private static final MemorySegment WORDS = Arena.global().allocate(2 * Integer.BYTES, 64);
    private static final long RUNNING = Integer.BYTES;

    private final NativeFunction function;
    private final boolean killed;
    private final Singles join;
    private final Singles end;
    private final Singles life;

    private EndJoin(String way, int times) {
        function = way.equals("faulted") ? Functions.awaitWordAndFault() : Functions.awaitWord();
        killed = way.equals("killed");
        join = new Singles("join", times);
        end = new Singles("end", times);
        life = new Singles("life", times);
    }

    public static void main(String... arguments) throws InterruptedException {
        NativeThread other = NativeThread.start(Functions.parkOn(), Arena.global().allocate(2 * Integer.BYTES, 64));
        int times = Integer.parseInt(arguments[2]);
        long warmUpNanos = Long.parseLong(arguments[1]) * 1_000_000;
        long warm = System.nanoTime() + warmUpNanos;
        while (System.nanoTime() < warm) {
            EndJoin warmUp = new EndJoin(arguments[0], 2);
            warmUp.whenEnded();
            warmUp.atOnce();
        }
        EndJoin measured = new EndJoin(arguments[0], times);
        long limit = System.nanoTime() + 2 * warmUpNanos; // on a busy machine, a turn may take milliseconds
        for (int i = 0; i < times && System.nanoTime() < limit; i++) {
            measured.whenEnded();
            measured.atOnce();
        }
        measured.join.print();
        measured.end.print();
        measured.life.print();
        other.detach();
        Runtime.getRuntime().halt(0);
    }

    private NativeThread start() {
        WORD.setVolatile(WORDS, 0L, 0);
        WORD.setVolatile(WORDS, RUNNING, 0);
        NativeThread thread = NativeThread.start(function, WORDS);
        while ((int) WORD.getVolatile(WORDS, RUNNING) == 0) {
            Thread.onSpinWait();
        }
        return thread;
    }

    private void makeEnd(NativeThread thread) {
        if (killed) {
            thread.kill();
        } else {
            WORD.setVolatile(WORDS, 0L, 1);
        }
    }

    private static void join(NativeThread thread) throws InterruptedException {
        try {
            thread.join();
        } catch (NativeFaultException expected) {
            // nobody reads the report
        }
    }

    private void whenEnded() throws InterruptedException {
        try (NativeThread thread = start()) {
            makeEnd(thread);
            while (thread.state() != NativeThread.State.ENDED) {
                Thread.onSpinWait();
            }
            long begin = System.nanoTime();
            join(thread);
            join.add(System.nanoTime() - begin);
        }
    }

    private void atOnce() throws InterruptedException {
        long begin = System.nanoTime();
        try (NativeThread thread = start()) {
            long told = System.nanoTime();
            makeEnd(thread);
            join(thread);
            end.add(System.nanoTime() - told);
        }
        life.add(System.nanoTime() - begin);
    }
}
