package dev.linen.internal.fault;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.Linen;
import dev.linen.function.CSource;
import dev.linen.internal.binding.FaultEntry;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.siginfo;
import dev.linen.internal.linux.siginfo_t;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.NoLeaks;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Faults;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;
import dev.linen.testing.Tasks;
import dev.linen.thread.FaultCause;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThreadKilledException;
import dev.linen.thread.StackPool;
import dev.linen.thread.ThreadFault;

/** How linen's handler treats signals that were sent, and previous handlers that are SIG_IGN or SA_RESETHAND. */
@NoLeaks
class FaultSignalsTest {

    private static final int TRAPPED = 128 + 5;

    private static long self() {
        return Syscall.invoke(SyscallNumber.GETTID);
    }

    private static void send(long tid) {
        Syscall.invoke(SyscallNumber.TGKILL, ProcessHandle.current().pid(), tid, Kernel.SIGTRAP);
    }

    /** Sends the signal of kill() to the thread that has the tid. */
    private static void sendKill(long tid) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(siginfo_t.layout());
            siginfo.si_signo(info, Kernel.SIGTRAP);
            siginfo.si_code(info, LinenH.LINEN_KILL);
            Syscall.invoke(SyscallNumber.RT_TGSIGQUEUEINFO, ProcessHandle.current().pid(), tid, Kernel.SIGTRAP,
                    info.address());
        }
    }

    /** The thread that was to be killed has ended, and another thread has its tid. */
    static final class LateKill {
        public static void main(String... arguments) throws Exception {
            try (NativeThread other = NativeThread.start(function("sleep_millis"), 300)) {
                sendKill(other.tid());
                sendKill(self());
                System.out.print(other.join());
            }
        }
    }

    @Test
    void kill_tidBelongsToAnotherThread_hasNoEffect() {
        Skip.unlessKillWorks();
        ChildJvm.Result result = ChildJvm.of(LateKill.class).run();
        assertEquals("300", result.out(), result::toString);
    }

    /** The thread has no signal stack yet, so the handler must identify it by its tid. */
    static final class EarlyKill {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 1).close();
            if (!SeccompFilter.holdWhoCalls(SyscallNumber.SIGALTSTACK)) {
                System.out.print("supervised");
                return;
            }
            try (NativeThread thread = NativeThread.start(function("identity"), 2)) {
                Sleepers.awaitAsleepIn(thread.tid(), SyscallNumber.SIGALTSTACK);
                thread.kill();
                System.out.print(thread.join());
            } catch (NativeThreadKilledException killed) {
                System.out.print("killed");
            }
        }
    }

    @Test
    void kill_threadHasNoSignalStackYet_ends() {
        Skip.unlessKillWorks();
        ChildJvm.Result result = ChildJvm.of(EarlyKill.class).run();
        Skip.unless(!result.out().equals("supervised"),
                "another process supervises the system calls of this one (seccomp)");
        assertEquals("killed", result.out(), result::toString);
    }

    static final class Ignored {
        public static void main(String... arguments) {
            new SignalAction(/* SIG_IGN */ 1, 0, 0, 0).install(Kernel.SIGTRAP);
            NativeThread.start(function("identity"), 1).close();
            send(self());
            System.out.print(Linen.faultContainment());
        }
    }

    @Test
    void signal_sentAndIgnoredBefore_isIgnored() {
        ChildJvm.Result result = ChildJvm.of(Ignored.class).run();
        assertEquals("ON", result.out(), result::toString);
    }

    static final class Once {
        public static void main(String... arguments) {
            CSource c = CSource.compile("int calls; void count(int signal) { calls++; }");
            long handler = c.symbols().find("count").orElseThrow().address();
            MemorySegment calls = c.symbols().find("calls").orElseThrow().reinterpret(4);
            new SignalAction(handler, (Kernel.SA_RESETHAND | (Code.isX86() ? Kernel.SA_RESTORER : 0)) & 0xFFFFFFFFL,
                    FaultEntry.restorer(), 0)
                    .install(Kernel.SIGTRAP);
            NativeThread.start(function("identity"), 1).close();
            send(self());
            System.out.print(calls.get(ValueLayout.JAVA_INT, 0) + " " + Linen.faultContainment());
            System.out.flush();
            send(self());
            System.out.print(" still alive");
        }
    }

    @Test
    void foreignHandler_withResetHand_isCalledOnceAndThenTheDefaultIsTaken() {
        ChildJvm.Result result = ChildJvm.of(Once.class).wrappedIn("sh", "-c", "ulimit -c 0 && exec \"$@\"", "sh")
                .run();
        assertEquals("1 ON", result.out(), result::toString);
        assertEquals(TRAPPED, result.exitStatus(), result::toString);
    }

    /** The control block says that the function has returned. */
    @Test
    void kill_threadIsAboutToEnd_hasNoEffect() throws Exception {
        Skip.unlessKillWorks();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(ValueLayout.JAVA_INT);
            try (NativeThread thread = NativeThread.start(Faults.faulty("await_word"), word)) {
                MemorySegment control = thread.stack().control();
                linen_control.watch(MemorySegment.ofAddress(control.address()).reinterpret(control.byteSize()),
                        LinenH.LINEN_ENDING);
                thread.kill();
                Tasks.awaitNoSignalPending(thread.tid());
                word.set(ValueLayout.JAVA_INT, 0, 1);
                assertEquals(word.address(), thread.join());
            }
        }
    }

    @Test
    void fault_announcesTheEnd_asAReturnDoes() {
        try (NativeThread thread = NativeThread.start(Faults.faulty("write_byte"), 8)) {
            assertThrows(NativeFaultException.class, thread::join);
            assertEquals(LinenH.LINEN_ENDING, linen_control.watch(thread.stack().control()));
        }
    }

    /**
     * For this the CPU raises a different exception from that for other invalid addresses, and the kernel sends SIGBUS.
     */
    @Test
    void fault_stackPointerIsNoAddress_isUnmapped() {
        ThreadFault fault = Faults.fault("push_at", 0x1234_5678_9ABC_DEF0L);
        assertEquals(Code.isX86() ? "SIGBUS SI_KERNEL" : "SIGSEGV SEGV_MAPERR", fault.signal() + " " + fault.code(),
                fault::report);
        assertEquals(FaultCause.UNMAPPED, fault.cause(), fault::report);
    }

    @ParameterizedTest
    @CsvSource({"write_byte, 65535, null-pointer, NULL + 0xffff was written",
            "read_byte, 65535, null-pointer, NULL + 0xffff was read",
            "write_byte, 65536, unmapped, 'nothing is mapped at 0x10000, which was written'",
            "read_byte, 65536, unmapped, 'nothing is mapped at 0x10000, which was read'",
            "jump_to, 65536, unmapped, 'nothing is mapped at 0x10000, which was called'"})
    void fault_nearNull_isOneBelow64KiB(String function, long address, String cause, String explanation) {
        ThreadFault fault = Faults.fault(function, address);
        assertEquals(cause + ": " + explanation, fault.cause() + ": " + fault.explanation());
    }

    /** After a fault the stack's pages are freed; after a normal end they are kept. */
    @Test
    void close_faultedThread_itsStackIsNotKeptWarm() throws Exception {
        StackPool pool = StackPool.bounded(64 << 20);
        Faults.fault(NativeThread.builder().pool(pool), Faults.faulty("write_byte"), 8);
        assertEquals(0, pool.warmBytes());
        NativeThread.builder().pool(pool).start(function("identity"), 1).close();
        assertEquals(StackGeometry.DEFAULT_STACK_BYTES, pool.warmBytes());
        pool.trim();
    }

    /**
     * A call that doesn't return may be a function's last instruction. Its return address is then in the next function.
     */
    @Test
    void backtrace_callIsTheLastInstruction_isNamedByItsOwnFunction() {
        CSource c = CSource.compile("""
                void callee(char *p) { *(volatile char *)p = 1; }
                __asm__(".text\\n.globl caller\\n.type caller, %%function\\ncaller: .cfi_startproc\\n"
                        "%s\\n"
                        ".cfi_endproc\\n.size caller, .-caller\\n"
                        ".globl next\\n.type next, %%function\\nnext: ret\\n.size next, .-next\\n");
                """.formatted(Code.isX86()
                ? "sub $8, %rsp\\n.cfi_adjust_cfa_offset 8\\ncall callee@plt"
                : "stp x29, x30, [sp, #-16]!\\n.cfi_def_cfa_offset 16\\n.cfi_offset x29, -16\\n.cfi_offset x30, -8\\n"
                        + "bl callee"));
        ThreadFault fault = Faults.fault(NativeThread.builder(), c.function("caller"), 8);
        assertEquals(Code.isX86() ? "caller+0x9" : "caller+0x8", fault.backtrace().get(1).function(), fault::report);
    }
}
