package dev.linen.bench.jvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

import dev.linen.futex.Futex;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Linux;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** The bytes that a call allocates on the Java heap once it is compiled. */
public final class Allocations {

    private static final int CALLS = 100_000;

    /** The compiler may allocate during a round, so the best of several rounds counts. */
    private static final int ROUNDS = 20;

    private static volatile long sink;

    private Allocations() {}

    public static void main(String... arguments) {
        try (Arena arena = Arena.ofShared(); Mapping page = Mapping.anonymous(Mapping.pageSize())) {
            MemorySegment futexWord = arena.allocate(4, 4);
            Futex futex = Futex.ofShared(futexWord);
            long past = System.nanoTime();
            print("call", () -> Syscall.invoke(SyscallNumber.GETPPID));
            print("six", () -> Syscall.invoke(SyscallNumber.GETPPID, 1, 2, 3, 4, 5, 6));
            print("failed", () -> Syscall.invoke(SyscallNumber.CLOSE, -1));
            print("named", () -> Linux.read(-1, futexWord));
            print("await", () -> futex.await(1).ordinal());
            print("deadline", () -> futex.awaitUntil(0, past).ordinal());
            print("wake", () -> futex.wake(1));
            print("mprotect", () -> {
                page.protect(Protection.READ);
                return 0;
            });
        }
    }

    private static void print(String label, LongSupplier call) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && least != 0; round++) {
            least = Math.min(least, once(call));
        }
        System.out.println(label + " " + (double) least / CALLS);
    }

    private static long once(LongSupplier call) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long results = 0;
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            results += call.getAsLong();
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        sink = results;
        return bytes;
    }
}
