package dev.linen.bench.jvm;

import dev.linen.function.NativeFunction;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.thread.NativeThread;

/**
 * The time to create and join a thread. {@code create.c} does the same with pthreads.
 *
 * <ul> <li>{@code CreateJoin linen|Thread WARM_UP_MILLIS BATCHES MILLIS ALIVE...}: the mean time, beside that many
 * sleeping threads, in ascending order <li>{@code CreateJoin each linen|Thread WARM_UP_MILLIS TIMES}: the time of each
 * of that many <li>{@code CreateJoin trace}: a few, each between two calls of getppid, for strace </ul>
 */
public final class CreateJoin {

    private static final NativeFunction IDENTITY = Functions.identity();

    private static final int SMALL_STACK = 64 << 10;
    private static final int GROUP = 20;

    private static volatile long sink;

    private CreateJoin() {}

    private interface Cycle {
        void run() throws InterruptedException;
    }

    public static void main(String... arguments) throws InterruptedException {
        switch (arguments[0]) {
            case "trace" -> trace();
            case "each" -> each(cycle(arguments[1]), Long.parseLong(arguments[2]), Integer.parseInt(arguments[3]));
            default -> beside(arguments);
        }
    }

    private static Cycle cycle(String kind) {
        return kind.equals("linen") ? CreateJoin::linen : CreateJoin::thread;
    }

    private static void each(Cycle cycle, long warmUpMillis, int times) throws InterruptedException {
        batch(cycle, warmUpMillis);
        Singles singles = new Singles("cycle", times);
        for (int i = 0; i < times; i++) {
            long begin = System.nanoTime();
            cycle.run();
            singles.add(System.nanoTime() - begin);
        }
        singles.print();
    }

    private static void beside(String... arguments) throws InterruptedException {
        Cycle cycle = cycle(arguments[0]);
        int batches = Integer.parseInt(arguments[2]);
        long millis = Long.parseLong(arguments[3]);
        batch(cycle, Long.parseLong(arguments[1]));
        Parking parking = Parking.of(arguments[0], NativeThread.builder().stackSize(SMALL_STACK));
        for (int i = 4; i < arguments.length; i++) {
            parking.growTo(Integer.parseInt(arguments[i]));
            batch(cycle, millis);
            for (int j = 0; j < batches; j++) {
                System.out.println(arguments[i] + " " + batch(cycle, millis));
            }
        }
        System.out.flush();
        Runtime.getRuntime().halt(0); // without waiting for all threads to end
    }

    private static double batch(Cycle cycle, long millis) throws InterruptedException {
        long begin = System.nanoTime();
        long turns = 0;
        long nanos;
        do {
            for (int i = 0; i < GROUP; i++) {
                cycle.run();
            }
            turns += GROUP;
            nanos = System.nanoTime() - begin;
        } while (nanos < millis * 1_000_000);
        return (double) nanos / turns;
    }

    private static void linen() throws InterruptedException {
        try (NativeThread thread = NativeThread.start(IDENTITY, 1)) {
            sink = thread.join();
        }
    }

    private static void thread() throws InterruptedException {
        Thread thread = new Thread(() -> sink = 1);
        thread.start();
        thread.join();
    }

    private static void trace() throws InterruptedException {
        for (int i = 0; i < 300; i++) {
            Syscall.invoke(SyscallNumber.GETPPID);
            linen();
            Syscall.invoke(SyscallNumber.GETPPID);
        }
    }
}
