package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import dev.linen.testing.ProcessState;

/** Many threads started and joined, one after the other and at once: nothing is left of them. */
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

    private static void assertNothingLeft(int cycles, int creators) throws Exception {
        try (ExecutorService executor = Executors.newFixedThreadPool(creators)) {
            runCycles(executor, cycles, creators); // JIT compiler, executor and Java heap settle
            ProcessState before = settled();
            long start = System.nanoTime();
            runCycles(executor, cycles, creators);
            long nanos = System.nanoTime() - start;
            ProcessState after = settled();
            System.out.printf("%,d cycles from %d Java threads: %.1f us each%n  before %s%n  after  %s%n", cycles,
                    creators,
                    nanos / 1e3 / cycles, before, after);

            // Not exactly the same: the JVM itself maps and unmaps. One leaked buffer a cycle would be thousands.
            int slack = cycles / 100;
            assertTrue(after.mappings() - before.mappings() < slack, () -> before + " -> " + after);
            assertTrue(after.tasks() - before.tasks() < slack, () -> before + " -> " + after);
            assertTrue(after.files() - before.files() < slack, () -> before + " -> " + after);
            // A buffer that stays has two touched pages.
            assertTrue(after.residentBytes() - before.residentBytes() < (64 << 20) + cycles * 100L,
                    () -> before + " -> " + after);
        }
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

    /** The kernel takes a moment from a thread's last word to the end of its task. */
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
