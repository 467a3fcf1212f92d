package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import dev.linen.internal.fault.FaultHandler;
import dev.linen.internal.linux.linen_control;
import dev.linen.junit.NoLeaks;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Faults;
import dev.linen.testing.ProcessState;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;
import dev.linen.testing.Tasks;
import dev.linen.thread.NativeThread.State;

/** A thread can be ended from outside, whatever it is doing. */
@NoLeaks
class KillTest {

    private final Arena arena = Arena.ofShared();
    private final MemorySegment pipe = arena.allocate(JAVA_INT, 2);
    private final MemorySegment word = arena.allocate(JAVA_INT);

    @BeforeAll
    static void skipUnlessKillWorks() {
        Skip.unlessKillWorks();
    }

    @BeforeEach
    void openPipe() {
        assertEquals(0, Syscall.invoke(SyscallNumber.PIPE2, pipe.address(), 0));
    }

    @AfterEach
    void free() {
        Syscall.invoke(SyscallNumber.CLOSE, pipe.getAtIndex(JAVA_INT, 0));
        Syscall.invoke(SyscallNumber.CLOSE, pipe.getAtIndex(JAVA_INT, 1));
        arena.close();
    }

    private NativeThread looping() {
        return NativeThread.start(Faults.faulty("loop"), 0);
    }

    private NativeThread reading() {
        return NativeThread.start(Faults.faulty("read_file"), pipe.getAtIndex(JAVA_INT, 0));
    }

    private NativeThread waiting() {
        return NativeThread.start(function("wait_for_word"), word);
    }

    private static ThreadFault kill(NativeThread thread) {
        try (thread) {
            thread.kill();
            return assertThrows(NativeThreadKilledException.class, thread::join).fault();
        }
    }

    @Test
    void kill_inAnEndlessLoop_endsIt() throws IOException {
        NativeThread thread = looping();
        Tasks.awaitComputing(thread.tid());
        ThreadFault fault = kill(thread);
        assertEquals(FaultCause.KILLED, fault.cause());
        assertTrue(fault.toString().matches("native thread \\d+: killed, at loop\\+0x[0-9a-f]+ \\(faults.so\\)"),
                fault.toString());
    }

    @Test
    void kill_inABlockingRead_endsIt() {
        NativeThread thread = reading();
        Sleepers.awaitAsleepIn(thread.tid(), SyscallNumber.READ);
        assertTrue(kill(thread).location().function().startsWith("read_file+"));
    }

    @Test
    void kill_inAFutexWait_endsIt() {
        NativeThread thread = waiting();
        Sleepers.awaitAsleepIn(thread.tid(), SyscallNumber.FUTEX);
        assertTrue(kill(thread).location().function().startsWith("wait_for_word+"));
    }

    @Test
    void kill_again_hasNoEffect() {
        NativeThread thread = looping();
        thread.kill();
        kill(thread);
        thread.kill();
        assertEquals(State.CLOSED, thread.state());
    }

    /** Otherwise the thread would end at the next signal that reaches it. */
    @Test
    void kill_kernelRefuses_isTakenBack() {
        kill(looping()); // linen's handler is there
        MemorySegment control = arena.allocate(linen_control.layout());
        SyscallException refused = assertThrows(SyscallException.class,
                () -> FaultHandler.kill(control, /* no thread's tid */ 0));
        assertEquals(Errno.EINVAL, refused.errno());
        assertEquals(0, linen_control.kill(control));
    }

    @Test
    void registers_creatorHadAFault_describeNone() throws Exception {
        Faults.faultInJava();
        Map<String, Long> registers = kill(looping()).registers();
        for (String each : Code.isX86() ? List.of("trapno", "err", "cr2") : List.of("esr", "far")) {
            assertEquals(0, registers.get(each), each);
        }
    }

    @Test
    void kill_endedThread_doesNothing() throws Exception {
        try (NativeThread thread = NativeThread.start(function("identity"), 5)) {
            assertEquals(5, thread.join());
            thread.kill();
            assertEquals(5, thread.join());
        }
    }

    @Test
    void kill_detachedThread_isRefused() {
        NativeThread thread = NativeThread.start(function("identity"), 5);
        thread.detach();
        assertThrows(IllegalStateException.class, thread::kill);
    }

    @Test
    void kill_posixThread_isRefused() throws Exception {
        try (NativeThread thread = NativeThread.builder().kind(NativeThread.Kind.POSIX).start(function("identity"),
                5)) {
            UnsupportedOperationException refused = assertThrows(UnsupportedOperationException.class, thread::kill);
            assertTrue(refused.getMessage().contains("libc created it"), refused.getMessage());
            assertEquals(5, thread.join());
        }
    }

    @Test
    void onExit_ofKilled_fails() throws Exception {
        try (NativeThread thread = looping()) {
            var end = thread.onExit();
            thread.kill();
            ExecutionException failed = assertThrows(ExecutionException.class, () -> end.get(5, TimeUnit.MINUTES));
            assertInstanceOf(NativeThreadKilledException.class, failed.getCause());
        }
    }

    /**
     * Kills threads at every moment of their lives, also before the first instruction. Each was either killed, or has
     * its result.
     */
    @Test
    void kill_whileItEnds_isKilledOrHasItsResult() throws Exception {
        int killed = 0;
        for (int i = 0; i < 2000; i++) {
            try (NativeThread thread = NativeThread.start(function("count"), i * 50)) {
                if (i % 3 == 0) {
                    thread.onExit();
                }
                thread.kill();
                try {
                    assertEquals(i * 50, thread.join());
                } catch (NativeThreadKilledException meanwhile) {
                    killed++;
                }
            }
        }
        assertTrue(killed > 0);
    }

    @Test
    void kill_whileItFaults_hasOneOfTheTwoCauses() throws Exception {
        for (int i = 0; i < 1000; i++) {
            word.set(JAVA_INT, 0, 0);
            try (NativeThread thread = NativeThread.start(Faults.faulty("tell_and_fault"), word)) {
                while ((i & 1) == 0 && word.get(JAVA_INT, 0) == 0) {
                    Thread.onSpinWait();
                }
                thread.kill();
                ThreadFault fault = assertThrows(NativeFaultException.class, thread::join).fault();
                assertTrue(fault.cause() == FaultCause.KILLED
                        || (fault.cause() == FaultCause.NULL_POINTER && fault.address() == 8), fault::report);
            }
        }
    }

    @Test
    void kill_manyTimes_leavesNothing() {
        assertNothingLeft(300);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void kill_10000TimesEach_leavesNothing() {
        assertNothingLeft(10_000);
    }

    private void assertNothingLeft(int times) {
        killEach(times / 10);
        ProcessState before = ProcessState.now();
        killEach(times);
        ProcessState after = ProcessState.now();
        System.out.printf("%,d killed in a loop, in a read, in a futex wait%n  before %s%n  after  %s%n", times, before,
                after);
        assertTrue(after.mappings() - before.mappings() < 30, () -> before + " -> " + after);
        assertTrue(after.tasks() - before.tasks() < 10, () -> before + " -> " + after);
        assertEquals(before.files(), after.files(), 3);
    }

    private void killEach(int times) {
        for (int i = 0; i < times; i++) {
            kill(looping());
            kill(reading());
            kill(waiting());
        }
    }
}
