package dev.linen.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.binding.ThreadWord;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Skip;

class AffinityTest {

    /** A number that is out of range: a kernel for x86-64 or aarch64 supports at most 8192 CPUs. */
    private static final int NO_CPU = 20_000;

    private final CpuSet atFirst = Affinity.current();

    @AfterEach
    void restore() {
        Affinity.setCurrent(atFirst);
    }

    private int lastCpu() {
        return atFirst.stream().max().getAsInt();
    }

    private void skipUnlessTwoCpus() {
        Skip.unless(atFirst.size() >= 2, "moving a thread needs two CPUs; this thread may run on: " + atFirst);
    }

    /** The allowed CPUs as {@code /proc} shows them. */
    private static String allowed(String task) throws IOException {
        return Files.readAllLines(Path.of("/proc", task, "status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:")).findFirst().orElseThrow().split("\\s+")[1];
    }

    @Test
    void current_atFirst_isWhatProcSays() throws IOException {
        assertFalse(atFirst.isEmpty());
        assertEquals(CpuSet.parse(allowed("thread-self")), atFirst);
        assertEquals(atFirst, Affinity.get(Running.ownTid()));
        assertEquals(atFirst, Affinity.get(0));
    }

    @Test
    void setCurrent_oneCpu_bindsThisThreadAlone() throws IOException {
        skipUnlessTwoCpus();
        try (Running other = new Running()) {
            for (int cpu : atFirst.stream().toArray()) {
                Affinity.setCurrent(CpuSet.of(cpu));
                assertEquals(CpuSet.of(cpu), Affinity.current());
                assertEquals(Integer.toString(cpu), allowed("thread-self"));
                assertEquals(atFirst, Affinity.get(other.tid()));
            }
        }
        Affinity.setCurrent(atFirst);
        assertEquals(atFirst, Affinity.current());
    }

    @Test
    void set_runningNativeThread_bindsItAlone() throws IOException {
        skipUnlessTwoCpus();
        try (Running thread = new Running()) {
            assertEquals(atFirst, Affinity.get(thread.tid()));
            Affinity.set(thread.tid(), CpuSet.of(lastCpu()));
            assertEquals(CpuSet.of(lastCpu()), Affinity.get(thread.tid()));
            assertEquals(Integer.toString(lastCpu()), allowed("self/task/" + thread.tid()));
            assertEquals(atFirst, Affinity.current());
        }
    }

    @Test
    void set_cpusThatAreNotThere_areLeftOut() {
        Affinity.setCurrent(CpuSet.of(lastCpu(), NO_CPU));
        assertEquals(CpuSet.of(lastCpu()), Affinity.current());
    }

    @Test
    void set_onlyCpusThatAreNotThere_isEINVAL() {
        SyscallException refused = assertThrows(SyscallException.class, () -> Affinity.setCurrent(CpuSet.of(NO_CPU)));
        assertEquals("sched_setaffinity(0, 2504, [20000]) failed: EINVAL (Invalid argument)", refused.getMessage());
        assertEquals(atFirst, Affinity.current());
    }

    @Test
    void set_emptySet_isRefused() {
        for (Executable set : List.<Executable>of(() -> Affinity.setCurrent(CpuSet.of()),
                () -> Affinity.set(Running.ownTid(), CpuSet.of()))) {
            String message = assertThrows(IllegalArgumentException.class, set).getMessage();
            assertEquals("the set of CPUs is empty: a thread needs at least one CPU to run on", message);
        }
    }

    @Test
    void getAndSet_noSuchThread_areESRCH() {
        SyscallException get = assertThrows(SyscallException.class, () -> Affinity.get(Running.NO_TID));
        assertEquals(Errno.ESRCH, get.errno());
        assertTrue(get.getMessage().startsWith("sched_getaffinity(4194305, 128, 0x"), get::getMessage);
        SyscallException set = assertThrows(SyscallException.class, () -> Affinity.set(Running.NO_TID, atFirst));
        assertEquals(Errno.ESRCH, set.errno());
        assertEquals(List.of("4194305", Integer.toString(atFirst.toMask().length * Long.BYTES), "[" + atFirst + "]"),
                set.arguments());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    void getAndSet_negativeTid_areRefused(int tid) {
        assertThrows(IllegalArgumentException.class, () -> Affinity.get(tid));
        assertThrows(IllegalArgumentException.class, () -> Affinity.set(tid, atFirst));
    }

    @Test
    void set_null_isRefused() {
        assertThrows(NullPointerException.class, () -> Affinity.setCurrent(null));
        assertThrows(NullPointerException.class, () -> Affinity.set(Running.ownTid(), null));
    }

    /** Simulates a kernel with more than 2048 CPUs, whose sched_getaffinity rejects shorter masks. */
    static final class LongMasksOnly {
        public static void main(String[] arguments) {
            CpuSet before = Affinity.current();
            refuse(128);
            refuse(256);
            System.out.print(Affinity.current().equals(before) ? "the same" : "another");
        }

        static void refuse(int bytes) {
            FailingSyscall.of(SyscallNumber.SCHED_GETAFFINITY).whenArgument(1, bytes).with(Errno.EINVAL);
            if (Syscall.invoke(SyscallNumber.SCHED_GETAFFINITY, 0, bytes, 0) != Errno.EINVAL.result()) {
                throw new AssertionError(bytes + " bytes are not rejected");
            }
        }
    }

    @Test
    void get_kernelsMaskIsLonger_growsUntilItFits() {
        ChildJvm.Result child = ChildJvm.of(LongMasksOnly.class).run();
        assertEquals("the same", child.out(), child::toString);
    }

    /** Simulates a kernel, or a seccomp filter, that rejects every mask. */
    static final class Refused {
        public static void main(String[] arguments) {
            FailingSyscall.of(SyscallNumber.SCHED_GETAFFINITY).with(Errno.EINVAL);
            System.out.print(assertThrows(SyscallException.class, Affinity::current).arguments().get(1));
            System.out.flush();
            Runtime.getRuntime().halt(0); // HotSpot calls sched_getaffinity when a thread ends, and would abort
        }
    }

    @Test
    void get_alwaysEINVAL_endsAtTheLargestSet() {
        ChildJvm.Result child = ChildJvm.of(Refused.class).run();
        assertEquals("131072", child.out(), child::toString);
    }

    /** On each CPU: by the restartable sequence that libc has registered, and by the system call. */
    @Test
    void cpu_boundToOne_isThatOne() throws Exception {
        CpuSet all = Affinity.current();
        Thread bound = Thread.ofPlatform().start(() -> all.stream().forEach(cpu -> {
            Affinity.setCurrent(CpuSet.of(cpu));
            for (int i = 0; i < 20_000; i++) { // compiled, too
                assertEquals(cpu, Affinity.cpu());
            }
            assertEquals(cpu, Affinity.getcpu());
        }));
        Throwable[] failed = new Throwable[1];
        bound.setUncaughtExceptionHandler((thread, thrown) -> failed[0] = thrown);
        bound.join();
        assertNull(failed[0]);
    }

    static final class PrintsCpu {
        public static void main(String... none) {
            System.out.println(ThreadWord.cpu() + " " + Affinity.current().contains(Affinity.cpu()));
        }
    }

    /** The value -1 says that libc has registered none. */
    @Test
    void cpu_withAndWithoutRestartableSequence_isRight() {
        ChildJvm.Result with = ChildJvm.of(PrintsCpu.class).run();
        ChildJvm.Result without = ChildJvm.of(PrintsCpu.class)
                .wrappedIn("env", "GLIBC_TUNABLES=glibc.pthread.rseq=0").run();
        Skip.unless(!with.out().startsWith("-"), "this libc registers no restartable sequences");
        assertTrue(with.out().matches("\\d+ true\n"), with::toString);
        assertTrue(without.out().matches("-\\d+ true\n"), without::toString);
    }
}
