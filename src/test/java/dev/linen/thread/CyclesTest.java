package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.process.ThreadName;
import dev.linen.testing.ProcessState;
import dev.linen.testing.Skip;

/** Many threads are started and joined, sequentially and in parallel, and no resource leaks. */
class CyclesTest {

    private static final int SHORT_CYCLES = 5_000;
    private static final int LONG_CYCLES = 200_000;
    private static final int CREATORS = 64;

    @Test
    void startAndJoin_thousandsOfTimes_leavesNothing() throws Exception {
        assertNothingLeft(SHORT_CYCLES, 1);
    }

    @Test
    void startAndJoin_from64JavaThreadsAtOnce_leavesNothing() throws Exception {
        assertNothingLeft(SHORT_CYCLES, CREATORS);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void startAndJoin_200000Times_leavesNothing() throws Exception {
        assertNothingLeft(LONG_CYCLES, 1);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void startAndJoin_200000TimesFrom64JavaThreads_leavesNothing() throws Exception {
        assertNothingLeft(LONG_CYCLES, CREATORS);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void startAndJoin_aMillionTimesFrom8JavaThreads_leavesNothing() throws Exception {
        assertNothingLeft(1_000_000, 8);
    }

    @Test
    void startAndDetach_thousandsOfTimes_leavesNothing() throws Exception {
        assertDetachLeavesNothing(SHORT_CYCLES);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void startAndDetach_200000Times_leavesNothing() throws Exception {
        assertDetachLeavesNothing(LONG_CYCLES);
    }

    private static void assertDetachLeavesNothing(int cycles) {
        detach(cycles);
        ProcessState before = settled();
        detach(cycles);
        ProcessState after = settled();
        System.out.printf("%,d started and detached%n  before %s%n  after  %s%n", cycles, before, after);
        assertFlat(before, after, cycles);
    }

    /** Bounds the number of running threads by closing one from time to time. */
    private static void detach(int cycles) {
        NativeFunction identity = function("identity");
        for (int i = 0; i < cycles; i++) {
            NativeThread.start(identity, i).detach();
            if (i % 100 == 0) {
                NativeThread.start(identity, i).close();
            }
        }
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void parked_30000AtOnce_costAFewMappingsAndAreJoined() throws Exception {
        // Not readString, whose first read asks for one byte: a file in /proc/sys returns its contents only to the
        // first read.
        String pidMax = Files.readAllLines(Path.of("/proc/sys/kernel/pid_max")).getFirst();
        Skip.unless(Integer.parseInt(pidMax) > 31_000, "pid_max allows fewer threads: " + pidMax);
        int many = 30_000;
        List<NativeThread> threads = new ArrayList<>(many);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8, 8);
            ProcessState before = settled();
            long pss = pss();
            for (int i = 0; i < many; i++) {
                threads.add(NativeThread.builder().stackSize(64 << 10).name("parked-" + i)
                        .start(function("wait_for_word"), word));
            }
            ProcessState parked = ProcessState.now();
            long parkedPss = pss();
            assertEquals("parked-" + (many - 1), ThreadName.get(threads.getLast().tid()));
            Futex futex = Futex.ofShared(word);
            futex.set(1);
            futex.wakeAll();
            long start = System.nanoTime();
            for (NativeThread thread : threads) {
                assertEquals(1, thread.join());
                thread.close();
            }
            long nanos = System.nanoTime() - start;
            StackPool.shared().trim();
            ProcessState after = settled();
            System.out.printf(
                    "%,d parked threads: %.4f mappings, %,d bytes of PSS and %,d resident bytes each; "
                            + "all ended in %d ms%n"
                            + "  before %s%n  parked %s%n  after  %s%n",
                    many,
                    (parked.mappings() - before.mappings()) / (double) many, (parkedPss - pss) / many,
                    (parked.residentBytes() - before.residentBytes()) / many, nanos / 1_000_000, before, parked, after);
            assertEquals(many, parked.tasks() - before.tasks(), 10);
            assertTrue(after.mappings() - before.mappings() < 100, () -> before + " -> " + after);
        }
    }

    /** Returns the proportional set size of this process, in bytes. */
    private static long pss() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/smaps_rollup")).stream()
                .filter(each -> each.startsWith("Pss:")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
    }

    private static void assertNothingLeft(int cycles, int creators) throws Exception {
        try (ExecutorService executor = Executors.newFixedThreadPool(creators)) {
            runCycles(executor, cycles, creators); // a warm-up, for the JIT compiler, the executor and the Java heap
            ProcessState before = settled();
            long start = System.nanoTime();
            runCycles(executor, cycles, creators);
            long nanos = System.nanoTime() - start;
            ProcessState after = settled();
            System.out.printf("%,d cycles from %d Java threads: %.1f us each%n  before %s%n  after  %s%n", cycles,
                    creators,
                    nanos / 1e3 / cycles, before, after);

            assertFlat(before, after, cycles);
        }
    }

    private static void assertFlat(ProcessState before, ProcessState after, int cycles) {
        // Not exactly equal, because the JVM itself maps and unmaps memory. A leak of one buffer in each cycle would be
        // thousands.
        int slack = cycles / 100;
        assertTrue(after.mappings() - before.mappings() < slack, () -> before + " -> " + after);
        assertTrue(after.tasks() - before.tasks() < slack, () -> before + " -> " + after);
        assertTrue(after.files() - before.files() < slack, () -> before + " -> " + after);
        // A leaked buffer has two touched pages.
        assertTrue(after.residentBytes() - before.residentBytes() < (64 << 20) + cycles * 100L,
                () -> before + " -> " + after);
    }

    private static void runCycles(ExecutorService executor, int cycles, int creators) throws Exception {
        NativeFunction identity = function("identity");
        List<Future<?>> done = new ArrayList<>();
        for (int creator = 0; creator < creators; creator++) {
            int first = creator;
            done.add(executor.submit(() -> {
                for (int i = first; i < cycles; i += creators) {
                    try (NativeThread thread = NativeThread.start(identity, i)) {
                        assertEquals(i, thread.join());
                    }
                }
                return true;
            }));
        }
        for (Future<?> part : done) {
            part.get();
        }
    }

    /** Waits, because a thread's task exists for a moment after the thread has been joined. */
    private static ProcessState settled() {
        System.gc();
        ProcessState last = ProcessState.now();
        for (int i = 0; i < 100; i++) {
            Thread.yield();
            ProcessState now = ProcessState.now();
            last = now.tasks() < last.tasks() ? now : last;
        }
        return last;
    }
}
