package dev.linen.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;
import dev.linen.testing.Tasks;

class SchedulingTest {

    private static final int NOBODY = 65534;

    /**
     * The scheduling that a new thread inherits. It isn't always the default, because the build may run under nice or
     * chrt.
     */
    private final Scheduling own = Scheduling.of(0);
    private final int ownNice = Scheduling.nice(0);

    private Running thread;

    @BeforeEach
    void start() {
        thread = new Running();
    }

    @AfterEach
    void end() {
        thread.close();
    }

    static List<Scheduling> withoutPriority() {
        return List.of(Scheduling.other(), Scheduling.batch(), Scheduling.idle());
    }

    static List<Scheduling> realTime() {
        return List.of(Scheduling.fifo(1), Scheduling.fifo(99), Scheduling.roundRobin(1), Scheduling.roundRobin(50));
    }

    /** Applies a real-time policy, if this process has the permission. */
    private void applyRealTime(Scheduling scheduling) {
        try {
            scheduling.apply(thread.tid());
        } catch (SyscallException refused) {
            assertEquals(Errno.EPERM, refused.errno());
            Skip.because("this process can't use real-time policies: " + refused.errno());
        }
    }

    private long stat(int field) throws IOException {
        return Tasks.stat(thread.tid(), field);
    }

    private static final int STAT_NICE = 19;
    private static final int STAT_PRIORITY = 40;
    private static final int STAT_POLICY = 41;

    @Test
    void of_newThread_isItsCreators() {
        assertEquals(own, Scheduling.of(thread.tid()));
        assertEquals(own, Scheduling.of(Running.ownTid()));
    }

    @ParameterizedTest
    @MethodSource("withoutPriority")
    void apply_policyWithoutPriority_isWhatProcSays(Scheduling scheduling) throws IOException {
        scheduling.apply(thread.tid());
        assertEquals(scheduling, Scheduling.of(thread.tid()));
        assertEquals(scheduling.policy(), stat(STAT_POLICY));
    }

    @ParameterizedTest
    @MethodSource("realTime")
    void apply_realTime_isWhatProcSays(Scheduling scheduling) throws IOException {
        applyRealTime(scheduling);
        assertEquals(scheduling, Scheduling.of(thread.tid()));
        assertEquals(scheduling.policy(), stat(STAT_POLICY));
        assertEquals(scheduling.priority(), stat(STAT_PRIORITY));
        assertEquals(own, Scheduling.of(0)); // the calling thread is unchanged
    }

    @Test
    void apply_withResetOnFork_isReadBackWithIt() {
        Scheduling scheduling = new Scheduling(Kernel.SCHED_BATCH | Kernel.SCHED_RESET_ON_FORK, 0);
        scheduling.apply(thread.tid());
        assertEquals(scheduling, Scheduling.of(thread.tid()));
    }

    @Test
    void applyAndNice_currentThread_areThisThreadsAlone() {
        CompletableFuture<String> seen = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            Scheduling.batch().apply(0);
            Scheduling.nice(0, 19);
            int tid = Running.ownTid();
            seen.complete(Scheduling.of(tid) + ", " + Scheduling.nice(tid));
        });
        assertEquals("SCHED_BATCH, 19", seen.orTimeout(5, TimeUnit.MINUTES).join());
        assertEquals(own, Scheduling.of(0));
        assertEquals(ownNice, Scheduling.nice(0));
    }

    @ParameterizedTest
    @CsvSource({"1, 0, SCHED_FIFO", "1, 100, SCHED_FIFO", "1, -1, SCHED_FIFO", "2, 0, SCHED_RR",
            "2, 2147483647, SCHED_RR",
            "0, 1, SCHED_OTHER", "3, 1, SCHED_BATCH", "5, 99, SCHED_IDLE", "6, 0, SCHED_DEADLINE", "4711, 0, 4711",
            "-1, 0, -1073741825|SCHED_RESET_ON_FORK"})
    void apply_wrongPolicyOrPriority_isEINVAL(int policy, int priority, String printed) {
        Scheduling scheduling = new Scheduling(policy, priority);
        SyscallException refused = assertThrows(SyscallException.class, () -> scheduling.apply(thread.tid()));
        assertEquals("sched_setscheduler(" + thread.tid() + ", " + printed + ", [" + priority
                + "]) failed: EINVAL (Invalid argument)", refused.getMessage());
        assertEquals(own, Scheduling.of(thread.tid()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 19})
    void nice_notBelowNow_isWhatProcSays(int atLeast) throws IOException {
        int value = Math.max(atLeast, ownNice);
        Scheduling.nice(thread.tid(), value);
        assertEquals(value, Scheduling.nice(thread.tid()));
        assertEquals(value, stat(STAT_NICE));
        assertEquals(ownNice, Scheduling.nice(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, -20})
    void nice_belowZero_isWhatProcSays(int value) throws IOException {
        try {
            Scheduling.nice(thread.tid(), value);
        } catch (SyscallException refused) {
            assertEquals(Errno.EACCES, refused.errno());
            Skip.because("this process can't use a nice value below 0: " + refused.errno());
        }
        assertEquals(value, Scheduling.nice(thread.tid()));
        assertEquals(value, stat(STAT_NICE));
    }

    @ParameterizedTest
    @ValueSource(ints = {-21, 20, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void nice_outOfRange_isRefusedAndLeftAsItWas(int value) {
        String message = assertThrows(IllegalArgumentException.class, () -> Scheduling.nice(thread.tid(), value))
                .getMessage();
        assertEquals("a nice value must be from -20 to 19, not " + value, message);
        assertEquals(ownNice, Scheduling.nice(thread.tid()));
    }

    @Test
    void apply_niceThread_keepsItsNice() {
        Scheduling.nice(thread.tid(), 19);
        Scheduling.batch().apply(thread.tid());
        assertEquals(19, Scheduling.nice(thread.tid()));
    }

    @Test
    void anyMethod_noSuchThread_isESRCH() {
        int none = Running.NO_TID;
        assertEquals("sched_getscheduler(4194305) failed: ESRCH (No such process)",
                assertThrows(SyscallException.class, () -> Scheduling.of(none)).getMessage());
        assertEquals("sched_setscheduler(4194305, SCHED_OTHER, [0]) failed: ESRCH (No such process)",
                assertThrows(SyscallException.class, () -> Scheduling.other().apply(none)).getMessage());
        assertEquals("getpriority(PRIO_PROCESS, 4194305) failed: ESRCH (No such process)",
                assertThrows(SyscallException.class, () -> Scheduling.nice(none)).getMessage());
        assertEquals("setpriority(PRIO_PROCESS, 4194305, 19) failed: ESRCH (No such process)",
                assertThrows(SyscallException.class, () -> Scheduling.nice(none, 19)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    void anyMethod_negativeTid_isRefused(int tid) {
        assertThrows(IllegalArgumentException.class, () -> Scheduling.of(tid));
        assertThrows(IllegalArgumentException.class, () -> Scheduling.other().apply(tid));
        assertThrows(IllegalArgumentException.class, () -> Scheduling.nice(tid));
        assertThrows(IllegalArgumentException.class, () -> Scheduling.nice(tid, 0));
    }

    /**
     * Tests a caller without permissions: this thread changes its user with the kernel's setresuid, which affects one
     * thread.
     */
    static final class Unprivileged {
        public static void main(String[] arguments) {
            boolean root = Syscall.invoke(SyscallNumber.GETUID) == 0;
            refusals(Running.NO_TID, Running.NO_TID); // loads all classes, which the user nobody may be unable to read
            if (root && Syscall.invoke(SyscallNumber.SETRESUID, NOBODY, NOBODY, NOBODY) != 0) {
                System.out.print("can't become the user nobody");
                return;
            }
            // The main thread, which started this one, still belongs to root.
            System.out.print(refusals(Running.ownTid(), root ? (int) ProcessHandle.current().pid() : Running.NO_TID));
        }

        private static List<String> refusals(int own, int roots) {
            return List.of(refusal(() -> Scheduling.fifo(10).apply(own)), refusal(() -> Scheduling.nice(own, -20)),
                    refusal(() -> Affinity.set(roots, CpuSet.of(0))), refusal(() -> Scheduling.nice(roots, 19)));
        }

        private static String refusal(Runnable call) {
            try {
                call.run();
                return "done";
            } catch (SyscallException refused) {
                return refused.call() + " " + refused.errno();
            }
        }
    }

    @Test
    void anyMethod_withoutTheRight_isEPERMOrEACCES() throws IOException {
        // A limit of 40 allows nice -20, also for users other than root.
        String limits = Files.readString(Path.of("/proc/self/limits"));
        boolean unlimited = limits.lines()
                .anyMatch(line -> line.matches("Max (realtime|nice) priority +([1-9]|unl).*"));
        Skip.unless(!unlimited, "RLIMIT_RTPRIO or RLIMIT_NICE permits what would be EPERM");
        boolean root = Syscall.invoke(SyscallNumber.GETUID) == 0;
        String another = root ? "EPERM" : "ESRCH";
        ChildJvm.Result child = ChildJvm.of(Unprivileged.class).run();
        Skip.unless(!child.out().startsWith("can't"), child.out());
        assertEquals("[sched_setscheduler EPERM, setpriority EACCES, sched_setaffinity " + another + ", setpriority "
                + another + "]", child.out(), child::toString);
    }

    @Test
    void toString_anyValue_isAsInC() {
        assertEquals("SCHED_OTHER", Scheduling.other().toString());
        assertEquals("SCHED_BATCH", Scheduling.batch().toString());
        assertEquals("SCHED_IDLE", Scheduling.idle().toString());
        assertEquals("SCHED_FIFO, priority 10", Scheduling.fifo(10).toString());
        assertEquals("SCHED_RR, priority 99", Scheduling.roundRobin(99).toString());
        assertEquals("SCHED_DEADLINE", new Scheduling(Kernel.SCHED_DEADLINE, 0).toString());
        assertEquals("SCHED_EXT", new Scheduling(Kernel.SCHED_EXT, 0).toString());
        assertEquals("4711, priority -1", new Scheduling(4711, -1).toString());
        assertEquals("SCHED_FIFO|SCHED_RESET_ON_FORK, priority 10",
                new Scheduling(Kernel.SCHED_FIFO | Kernel.SCHED_RESET_ON_FORK, 10).toString());
        assertTrue(Scheduling.fifo(1).equals(new Scheduling(Kernel.SCHED_FIFO, 1)));
    }
}
