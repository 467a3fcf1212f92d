package dev.linen.internal.fault;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.Linen;
import dev.linen.function.NativeFunction;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.NoLeaks;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Code;
import dev.linen.testing.Faults;
import dev.linen.testing.Skip;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;

/**
 * linen's signal handler together with others: the JVM's, libjsig's, another library's. It passes on the signals that
 * aren't linen's.
 */
@NoLeaks
class FaultNeighboursTest {

    // Exit statuses of a process that was ended by a signal.
    private static final int ABORTED = 128 + 6; // by HotSpot, after it has written hs_err
    private static final int SEGV = 128 + 11;
    private static final int TRAPPED = 128 + 5;

    @TempDir
    private Path folder;

    private ChildJvm child(Class<?> main) {
        return ChildJvm.of(main).flags("-XX:ErrorFile=" + folder.resolve("hs_err")).wrappedIn("sh", "-c",
                "ulimit -c 0 && exec \"$@\"", "sh");
    }

    private static void contained() {
        try (NativeThread thread = NativeThread.start(Faults.faulty("write_byte"), 8)) {
            thread.join();
            throw new AssertionError("the thread didn't fault");
        } catch (NativeFaultException expected) {
            System.out.print("contained ");
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static long downcall(String function, long argument) throws Throwable {
        MemorySegment address = TestFunctions.library("faults").find(function).orElseThrow();
        return (long) Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG))
                .invoke(argument);
    }

    /** Contains a fault, then does something that ends the JVM. */
    static final class Crash {
        public static void main(String... arguments) throws Throwable {
            contained();
            nullPointer();
            System.out.flush();
            switch (arguments[0]) {
                case "java" -> MemorySegment.ofAddress(8).reinterpret(1).set(JAVA_BYTE, 0, (byte) 1);
                case "native" -> downcall("write_byte", 8);
                case "divide" -> downcall("divide_by", 0);
                case "trap" -> downcall("breakpoint", 0);
                case "sent to the process" ->
                    Syscall.invoke(SyscallNumber.KILL, ProcessHandle.current().pid(), Kernel.SIGSEGV);
                case "sent to a thread" -> sendToAThread();
                default -> throw new AssertionError(arguments[0]);
            }
            Thread.sleep(10_000);
            System.out.print("still alive");
        }

        private static void sendToAThread() {
            NativeThread thread = NativeThread.start(Faults.faulty("loop"), 0);
            Syscall.invoke(SyscallNumber.TGKILL, ProcessHandle.current().pid(), thread.tid(), Kernel.SIGSEGV);
        }
    }

    /** Raises a real SIGSEGV in the interpreter. */
    private static void nullPointer() {
        int[] none = System.nanoTime() == 0 ? new int[1] : null;
        try {
            System.out.print(none.length);
        } catch (NullPointerException expected) {
            System.out.print("null ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java", "native", "divide", "sent to the process", "sent to a thread"})
    void crash_notOurs_isTheJvms(String what) throws Exception {
        Skip.unless(Code.isX86() || !what.equals("divide"), "an integer division by zero raises no signal on aarch64");
        ChildJvm.Result result = child(Crash.class).run(what);
        assertEquals("contained null ", result.out().lines().findFirst().orElse("").replaceAll("#.*", ""),
                result::toString);
        assertEquals(ABORTED, result.exitStatus(), result::toString);
        String report = Files.readString(folder.resolve("hs_err"));
        assertTrue(report.contains(what.equals("divide") ? "SIGFPE" : "SIGSEGV"), report.substring(0, 1000));
    }

    /** The JVM crashes while native threads fault, one after the other. */
    static final class CrashBesideFaults {
        public static void main(String... arguments) throws InterruptedException {
            NativeFunction function = Faults.faulty("write_byte");
            CountDownLatch faulting = new CountDownLatch(100);
            Thread.ofPlatform().daemon().start(() -> {
                while (true) {
                    NativeThread thread = NativeThread.start(function, 8);
                    assertThrows(NativeFaultException.class, thread::join);
                    thread.close();
                    faulting.countDown();
                }
            });
            faulting.await();
            MemorySegment.ofAddress(8).reinterpret(1).set(JAVA_BYTE, 0, (byte) 1);
        }
    }

    /** While it writes hs_err, HotSpot would handle the signals itself, and end when a native thread faults. */
    @Test
    void crash_whileThreadsFaultAndLibjsigPreloaded_theReportIsComplete() throws Exception {
        ChildJvm.Result result = child(CrashBesideFaults.class).wrappedIn("env", "LD_PRELOAD=" + libjsig()).run();
        assertEquals(ABORTED, result.exitStatus(), result::toString);
        String report = Files.readString(folder.resolve("hs_err"));
        assertTrue(report.endsWith("END.\n"), report);
    }

    @Test
    void crash_byATrapThatIsNobodys_takesTheDefaultAction() {
        Skip.unless(Code.isX86(), "only on x86-64 HotSpot has no handler for SIGTRAP");
        ChildJvm.Result result = child(Crash.class).run("trap");
        assertEquals(TRAPPED, result.exitStatus(), result::toString);
        assertEquals("contained null ", result.out());
    }

    static final class Off {
        public static void main(String... arguments) throws Throwable {
            NativeThread.start(function("identity"), 1).close();
            System.out.print(Linen.faultContainment() + " ");
            try (NativeThread thread = NativeThread.start(function("sleep_millis"), 50)) {
                thread.kill();
            } catch (UnsupportedOperationException refused) {
                System.out.print(refused.getMessage().replaceAll("\\d+", "N"));
            }
            System.out.flush();
            contained();
        }
    }

    @Test
    void faults_off_endsTheJvm() {
        ChildJvm.Result result = child(Off.class).flags("-Ddev.linen.faults=off").run();
        assertEquals(
                "OFF thread N can't be killed, because linen's signal handler is off (dev.linen.faults): the signal "
                        + "would end the process",
                result.out().replaceAll("#(.*\n)*.*", ""), result::toString);
        assertTrue(List.of(ABORTED, SEGV).contains(result.exitStatus()), result::toString);
    }

    static final class Contained {
        public static void main(String... arguments) {
            System.out.print(Linen.faultContainment() + " ");
            for (int i = 0; i < 100; i++) {
                nullPointer();
                contained();
            }
            System.out.print(Linen.faultContainment());
        }
    }

    private static final String HUNDRED = "READY " + "null contained ".repeat(100) + "ON";

    @Test
    void fault_checkJni_isContained() {
        ChildJvm.Result result = child(Contained.class).flags("-Xcheck:jni").run();
        assertEquals(0, result.exitStatus(), result::toString);
        assertTrue(result.out().contains("Warning: SIGSEGV handler modified!"), result::toString);
        assertEquals(100, result.out().split("contained", -1).length - 1, result::toString);
        assertTrue(result.out().endsWith("ON"), result::toString);
    }

    private static Path libjsig() {
        return Path.of(System.getProperty("java.home"), "lib", "libjsig.so");
    }

    @Test
    void fault_libjsigPreloaded_isContained() {
        ChildJvm.Result result = child(Contained.class).wrappedIn("env", "LD_PRELOAD=" + libjsig()).run();
        assertEquals(HUNDRED, result.out(), result::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseZGC",
            "-Xrs"})
    void fault_inAnyMode_isContained(String flag) {
        ChildJvm.Result result = child(Contained.class).flags(flag).run();
        assertEquals(HUNDRED, result.out(), result::toString);
    }

    @Test
    void faults_misspelled_saysSoAndIsOn() {
        ChildJvm.Result result = child(Contained.class).flags("-Ddev.linen.faults=aus").run();
        assertEquals(HUNDRED, result.out(), result::toString);
        assertTrue(result.err().contains("dev.linen.faults is on, once or off, not \"aus\""), result::toString);
    }

    /** Another library's handler, which calls the previous handler for signals that it doesn't know. */
    static final class Foreign {
        public static void main(String... arguments) throws Throwable {
            boolean before = arguments[0].equals("before");
            if (!before) {
                contained();
            }
            PrintStream stderr = System.err;
            ByteArrayOutputStream logged = new ByteArrayOutputStream();
            System.setErr(new PrintStream(logged, /* autoFlush */ true));
            if (downcall("install_own_handler", 0) != 0) {
                throw new AssertionError("not installed");
            }
            System.out.print(before ? "" : Linen.faultContainment() + " ");
            Thread.sleep(150); // linen checks its handlers at most ten times a second
            contained();
            nullPointer();
            contained();
            System.out.print(Linen.faultContainment() + " ");
            MemorySegment calls = TestFunctions.library("faults").find("own_handler_calls").orElseThrow()
                    .reinterpret(8);
            System.out.print(calls.get(JAVA_LONG, 0));
            while (!before && !logged.toString().contains("handlers of SIGSEGV")) { // by a thread of linen's
                Thread.sleep(1);
            }
            stderr.print(logged);
        }
    }

    @Test
    void foreignHandler_before_getsWhatIsNotOurs() {
        ChildJvm.Result result = child(Foreign.class).flags("-Xint").run("before");
        // The one call is for the null pointer.
        assertEquals("contained null contained ON 1", result.out(), result::toString);
        assertEquals("", result.err());
    }

    @Test
    void foreignHandler_afterAndInstalledOnce_callsOurs() {
        ChildJvm.Result result = child(Foreign.class).flags("-Xint", "-Ddev.linen.faults=once").run("after");
        assertEquals("contained REPLACED contained null contained REPLACED 3", result.out(), result::toString);
        assertEquals(1,
                result.err().lines()
                        .filter(line -> line.contains("another library has replaced linen's handlers of SIGSEGV"))
                        .count(),
                result::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "reinstall"})
    void foreignHandler_after_isBehindOursAgain(String property) {
        ChildJvm.Result result = child(Foreign.class).flags("-Xint", "-Ddev.linen.faults=" + property).run("after");
        assertEquals("contained REPLACED contained null contained ON 1", result.out(), result::toString);
        assertTrue(result.err().contains("linen's are in front of them again"), result::toString);
    }

    static final class Installed {
        public static void main(String... arguments) {
            for (int signal : FaultHandler.SIGNALS) {
                SignalAction before = SignalAction.of(signal);
                NativeThread.start(function("identity"), 1).close();
                SignalAction after = SignalAction.of(signal);
                System.out.print(
                        signal == Kernel.SIGSEGV && before.handler() == after.handler() ? "not installed " : "");
                System.out.print(after.mask() == before.mask() ? "" : "other mask ");
                long added = Kernel.SA_ONSTACK | Kernel.SA_SIGINFO | (Code.isX86() ? Kernel.SA_RESTORER : 0);
                System.out.print(after.flags() == (before.flags() | added) ? "same " : before + " " + after);
            }
        }
    }

    @Test
    void handler_installed_keepsMaskAndFlags() {
        assertEquals("same same same same same ", child(Installed.class).run().out());
    }

    /** No caller joins the thread, so its fault must be logged. */
    static final class Unseen {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(Faults.faulty("write_byte"), 8).close();
            NativeThread detached = NativeThread.start(Faults.faulty("write_byte"), 16);
            detached.detach();
            for (int i = 0; i < 100; i++) {
                NativeThread.start(function("sleep_millis"), 1).close();
            }
            try (NativeThread thread = NativeThread.start(Faults.faulty("write_byte"), 24)) {
                thread.join();
            } catch (NativeFaultException seen) {
                System.out.print("seen");
            }
        }
    }

    @Test
    void fault_neverJoined_isLogged() {
        ChildJvm.Result result = child(Unseen.class).run();
        assertEquals("seen", result.out());
        List<String> logged = result.err().lines().filter(line -> line.contains("no caller joined it")).toList();
        assertEquals(2, logged.size(), result::toString);
        assertTrue(logged.get(0).contains("NULL + 0x8 was written; no caller joined it"), result::toString);
        assertTrue(logged.get(1).contains("NULL + 0x10 was written; no caller joined it"), result::toString);
    }
}
