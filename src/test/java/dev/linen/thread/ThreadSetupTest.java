package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.MemoryMap;
import dev.linen.process.Affinity;
import dev.linen.process.CpuSet;
import dev.linen.process.Scheduling;
import dev.linen.process.ThreadName;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Faults;
import dev.linen.testing.Skip;
import dev.linen.testing.Tasks;

/** A thread's name, CPUs, scheduling and nice value, which are set before its function begins. */
@NoLeaks
class ThreadSetupTest {

    private final Arena arena = Arena.ofShared();
    private final MemorySegment word = arena.allocate(8, 8);

    @AfterEach
    void free() {
        arena.close();
    }

    /** Runs a check while the thread runs. */
    private void whileRunning(NativeThreadBuilder builder, Consumer<NativeThread> check) {
        try (NativeThread thread = builder.start(function("wait_for_word"), word)) {
            try {
                check.accept(thread);
            } finally {
                Futex futex = Futex.ofShared(word);
                futex.set(1);
                futex.wakeAll();
            }
        }
    }

    @Test
    void name_given_isTheKernels() {
        whileRunning(NativeThread.builder().name("f\u00fcnfzehn-bytes"), thread -> {
            assertEquals("f\u00fcnfzehn-bytes", ThreadName.get(thread.tid()));
        });
    }

    @Test
    void name_notGiven_isTheCreators() {
        String creators = ThreadName.get(0);
        whileRunning(NativeThread.builder(), thread -> assertEquals(creators, ThreadName.get(thread.tid())));
    }

    @Test
    void name_tooLong_isRefused() {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> NativeThread.builder().name("sixteen bytes---"));
        assertTrue(refused.getMessage().contains("16"), refused::getMessage);
        assertThrows(NullPointerException.class, () -> NativeThread.builder().name(null));
    }

    @Test
    void cpus_given_areTheThreads() {
        CpuSet allowed = Affinity.current();
        CpuSet last = CpuSet.of(allowed.stream().max().orElseThrow());
        whileRunning(NativeThread.builder().cpus(last), thread -> assertEquals(last, Affinity.get(thread.tid())));
        assertEquals(allowed, Affinity.current());
    }

    @Test
    void cpus_ofARunningThread_canBeChanged() {
        CpuSet allowed = Affinity.current();
        Skip.unless(allowed.size() > 1, "needs two CPUs, but this process may use only one");
        CpuSet first = CpuSet.of(allowed.stream().min().orElseThrow());
        whileRunning(NativeThread.builder(), thread -> {
            assertEquals(allowed, Affinity.get(thread.tid()));
            Affinity.set(thread.tid(), first);
            assertEquals(first, Affinity.get(thread.tid()));
        });
    }

    @Test
    void cpus_none_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> NativeThread.builder().cpus(CpuSet.of()));
    }

    @Test
    void scheduling_given_isTheThreads() {
        whileRunning(NativeThread.builder().scheduling(Scheduling.batch()),
                thread -> assertEquals(Scheduling.batch(), Scheduling.of(thread.tid())));
    }

    @Test
    void nice_given_isTheThreads() {
        int creators = Scheduling.nice(0);
        whileRunning(NativeThread.builder().nice(7), thread -> assertEquals(7, Scheduling.nice(thread.tid())));
        assertEquals(creators, Scheduling.nice(0));
    }

    @Test
    void nice_outOfRange_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> NativeThread.builder().nice(20));
        assertThrows(IllegalArgumentException.class, () -> NativeThread.builder().nice(-21));
    }

    @Test
    void everything_atOnce_isThereWhenTheFunctionBegins() throws Exception {
        MemorySegment call = arena.allocate(7 * 8, 8); // prctl(PR_GET_NAME, place)
        MemorySegment place = arena.allocate(16);
        call.setAtIndex(JAVA_LONG, 0, SyscallNumber.PRCTL);
        call.setAtIndex(JAVA_LONG, 1, Kernel.PR_GET_NAME);
        call.setAtIndex(JAVA_LONG, 2, place.address());
        NativeThreadBuilder builder = NativeThread.builder().name("worker").cpus(Affinity.current())
                .scheduling(Scheduling.other()).nice(3).stackSize(64 << 10);
        for (int i = 0; i < 500; i++) {
            place.fill((byte) 0);
            try (NativeThread thread = builder.start(function("system_call"), call)) {
                assertEquals(0, thread.join());
                assertEquals("worker", place.getString(0));
            }
        }
    }

    @Test
    void start_aCallFails_saysWhichAndLeavesNothing() throws Exception {
        long before = Tasks.tids().count();
        for (int i = 0; i < 200; i++) {
            SyscallException failed = assertThrows(SyscallException.class, () -> NativeThread.builder().name("never")
                    .scheduling(Scheduling.fifo(1000)).start(function("identity"), 1));
            assertEquals("sched_setscheduler", failed.call());
            assertEquals(Errno.EINVAL, failed.errno());
        }
        while (Tasks.tids().count() > before + 5) {
            Thread.onSpinWait(); // the kernel takes a moment to remove them
        }
        assertTrue(MemoryMap.read().regions().size() < 5_000);
    }

    @Test
    void start_aCallFails_theCallerKeepsTheArena() {
        NativeThreadBuilder builder = NativeThread.builder().scheduling(Scheduling.fifo(1000));
        try (Arena shared = Arena.ofShared()) {
            assertThrows(SyscallException.class,
                    () -> builder.startOwning(shared, function("identity"), shared.allocate(8)));
            assertTrue(shared.scope().isAlive());
        }
        MemorySegment[] given = new MemorySegment[1];
        assertThrows(SyscallException.class, () -> builder.start(function("identity"), memory -> {
            given[0] = memory.allocate(8);
            return given[0];
        }));
        assertFalse(given[0].scope().isAlive());
    }

    @Test
    void start_noSuchCpu_isEinval() {
        SyscallException failed = assertThrows(SyscallException.class,
                () -> NativeThread.builder().cpus(CpuSet.of(4000)).start(function("identity"), 1));
        assertEquals("sched_setaffinity", failed.call());
        assertEquals(Errno.EINVAL, failed.errno());
        assertTrue(failed.getMessage().contains("4000"), failed::getMessage);
    }

    @Test
    void start_setupFails_functionIsNotCalledAndTheStackReturnsToThePool() {
        StackPool pool = StackPool.bounded(1 << 20);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8);
            NativeThreadBuilder builder = NativeThread.builder().pool(pool).stackSize(1 << 20).cpus(CpuSet.of(1000));
            assertThrows(SyscallException.class, () -> builder.start(Faults.faulty("tell_and_fault"), word));
            assertEquals(0, word.get(ValueLayout.JAVA_INT, 0));
            assertEquals(1 << 20, pool.warmBytes());
            pool.trim();
        }
    }
}
