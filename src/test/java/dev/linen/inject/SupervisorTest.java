package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import dev.linen.inject.InjectionUnavailableException.Reason;
import dev.linen.inject.RuleSlot.Content;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_rule;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.InChild;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Skip;

/** The supervisor in bad circumstances, each in a child JVM. */
class SupervisorTest {

    private static final int ABORTED = 128 + 6; // by HotSpot, after it has written hs_err
    private static final int KILLED = 128 + 9;

    @TempDir
    private Path folder;

    @BeforeAll
    static void supervision() {
        Supervision.requireInChildren();
    }

    private static void write(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertEquals(5, channel.write(ByteBuffer.allocate(5)));
            channel.force(true);
        }
    }

    /** What linen logs, from now on: it does so on a thread of its own, and this JVM must not end before. */
    private static ByteArrayOutputStream captureLog() {
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, /* autoFlush */ true));
        return log;
    }

    private static void awaitLogged(String text, ByteArrayOutputStream log) throws InterruptedException {
        while (!log.toString().contains(text)) {
            Thread.sleep(1);
        }
    }

    /** A supervisor that is killed again and again; one call is put aside meanwhile. */
    static final class Killed {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            try (Faults faults = Faults.start(); Recording recording = Recording.under(dir)) {
                Fault slow = faults.on(CallKind.SYNC).under(dir, "slow").delay(Duration.ofSeconds(1));
                Thread waiting = Thread.ofPlatform().start(() -> {
                    try {
                        write(dir.resolve("slow"));
                    } catch (IOException unexpected) {
                        throw new AssertionError(unexpected);
                    }
                });
                while (slow.fired() == 0) {
                    Thread.onSpinWait();
                }
                ByteArrayOutputStream log = captureLog();
                for (int i = 0; i < 5; i++) {
                    Supervisor.get().serving().kill();
                    write(dir.resolve("a" + i));
                }
                waiting.join();
                recording.stop();
                System.out.println(recording.operations().stream().filter(Operation.Sync.class::isInstance).count());
                awaitLogged("another one has taken its place", log);
            }
        }
    }

    @Test
    void supervisor_killed_callersGoOn() {
        ChildJvm.Result result = ChildJvm.of(Killed.class).run(folder.toString());
        assertEquals("0 6\n", result.exitStatus() + " " + result.out(), result::toString);
    }

    /** A supervisor that faults because a rule is damaged: the folder is at an address where nothing is. */
    static final class Faulted {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            Supervisor supervisor = Supervisor.get();
            ByteArrayOutputStream log = captureLog();
            try (RuleSlot slot = RuleSlot.enable(supervisor,
                    new Content(CallKind.FSYNC.calls(), LinenH.LINEN_ACTION_ERRNO, Errno.EIO.number(), 1, 0, 0, -1,
                            LinenH.LINEN_UNDER, dir.toString(), null, 0, false))) {
                linen_rule.folder(supervisor.slot(Long.numberOfTrailingZeros(slot.bit())), 8);
                write(dir.resolve("a")); // the supervisor faults, and its successor lets the call go on
                write(dir.resolve("b"));
            }
            System.out.println("gone on");
            awaitLogged("SIGSEGV", log);
        }
    }

    @Test
    void supervisor_faulted_callersGoOn() {
        ChildJvm.Result result = ChildJvm.of(Faulted.class).run(folder.toString());
        assertEquals("0 gone on\n", result.exitStatus() + " " + result.out(), result::toString);
    }

    /** A supervisor that faults when it has made a call: it can't write into the log. */
    static final class FaultedAfterTheCall {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            Path file = dir.resolve("a");
            try (Recording _ = Recording.under(dir);
                    FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE,
                            StandardOpenOption.APPEND)) {
                protect(Protection.NONE);
                try {
                    System.out.print(channel.write(ByteBuffer.allocate(5)) + " ");
                } catch (IOException failed) {
                    System.out.print(failed.getMessage() + ", ");
                }
                protect(Protection.READ_WRITE);
                System.out.println(Files.size(file) + " bytes");
            }
        }

        private static void protect(Protection protection) {
            MemorySegment log = Supervisor.get().log();
            assertEquals(0, Syscall.invoke(SyscallNumber.MPROTECT, log.address(), log.byteSize(), protection.bits()));
        }
    }

    @Test
    void supervisor_faultedAfterTheCall_itIsNotMadeTwice() {
        ChildJvm.Result result = ChildJvm.of(FaultedAfterTheCall.class).run(folder.toString());
        assertEquals("0 Input/output error, 5 bytes\n", result.exitStatus() + " " + result.out(), result::toString);
    }

    static final class Crashing {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            try (Recording recording = Recording.under(dir)) {
                write(dir.resolve("a"));
                MemorySegment.ofAddress(8).reinterpret(1).set(ValueLayout.JAVA_BYTE, 0, (byte) recording.position());
            }
        }
    }

    @Test
    void crash_ofTheJvm_reportIsComplete() throws IOException {
        Path report = folder.resolve("hs_err");
        ChildJvm.Result result = ChildJvm.of(Crashing.class).flags("-XX:ErrorFile=" + report)
                .wrappedIn("sh", "-c", "ulimit -c 0 && exec \"$@\"", "sh").run(folder.toString());
        assertEquals(ABORTED, result.exitStatus(), result::toString);
        assertTrue(Files.readString(report).endsWith("END.\n"), () -> result.toString());
    }

    static final class Children {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            try (Recording recording = Recording.under(dir)) {
                new ProcessBuilder("sh", "-c", "echo child >" + dir.resolve("child")).start().waitFor();
                // outlives this process, and writes when nobody supervises any more
                new ProcessBuilder("setsid", "sh", "-c", "while kill -0 " + ProcessHandle.current().pid()
                        + " 2>/dev/null; do sleep 0.05; done; echo orphan >" + dir.resolve("orphan.tmp") + "; mv "
                        + dir.resolve("orphan.tmp") + " " + dir.resolve("orphan")).start();
                recording.stop();
                System.out.println(recording.operations() + " " + Supervisor.get().foreign());
            }
        }
    }

    @Test
    void children_ofTheJvm_areNotSupervised() throws Exception {
        ChildJvm.Result result = ChildJvm.of(Children.class).run(folder.toString());
        assertEquals("0 [] 0\n", result.exitStatus() + " " + result.out(), result::toString);
        assertEquals("child\n", Files.readString(folder.resolve("child")));
        Path orphan = folder.resolve("orphan");
        while (!Files.exists(orphan)) {
            Thread.sleep(10);
        }
        assertEquals("orphan\n", Files.readString(orphan));
    }

    static final class KilledAtTheThirdSync {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            try (Faults faults = Faults.start()) {
                faults.on(CallKind.SYNC).under(dir).nth(3).kill();
                for (int i = 1; i <= 4; i++) {
                    write(dir.resolve("a" + i));
                }
            }
        }
    }

    @Test
    void process_killedAtTheThirdSync_hasMadeTwo() {
        ChildJvm.Result result = ChildJvm.of(KilledAtTheThirdSync.class).run(folder.toString());
        assertEquals(KILLED, result.exitStatus(), result::toString);
        assertTrue(Files.exists(folder.resolve("a3")));
        assertFalse(Files.exists(folder.resolve("a4")));
    }

    /** What keeps a JVM from being supervised. */
    enum Obstacle {
        THREAD_WITH_FILTER, ANOTHER_LISTENER, OLD_KERNEL, NO_SECCOMP, REFUSED, FIXED_ADDRESSES;

        /** Sets it up in this JVM, on this thread. */
        void setUp() throws InterruptedException {
            switch (this) {
                case THREAD_WITH_FILTER -> {
                    CountDownLatch filtered = new CountDownLatch(1);
                    Thread.ofPlatform().daemon().start(() -> {
                        FailingSyscall.of(SyscallNumber.GETPPID).with(Errno.EIO);
                        filtered.countDown();
                        LockSupport.park();
                    });
                    filtered.await();
                }
                case ANOTHER_LISTENER -> SeccompFilter.holdWhoCalls(SyscallNumber.GETPPID);
                case OLD_KERNEL -> FailingSyscall.of(SyscallNumber.SECCOMP).with(Errno.EINVAL);
                case NO_SECCOMP -> FailingSyscall.of(SyscallNumber.SECCOMP).with(Errno.ENOSYS);
                case REFUSED -> FailingSyscall.of(SyscallNumber.SECCOMP).with(Errno.EACCES);
                case FIXED_ADDRESSES -> {
                } // by setarch -R
            }
        }
    }

    static final class Hindered {
        public static void main(String... arguments) throws Exception {
            Obstacle.valueOf(arguments[0]).setUp();
            for (int i = 0; i < 2; i++) { // it is said each time
                try {
                    Faults.start();
                    System.out.println("none");
                } catch (InjectionUnavailableException unavailable) {
                    System.out.println(unavailable.reason());
                }
            }
            InChild.main(Unprivileged.class.getName());
        }
    }

    @ParameterizedTest
    @EnumSource
    void start_obstacle_isNamedAndTheTestsAreSkipped(Obstacle obstacle) {
        ChildJvm child = ChildJvm.of(Hindered.class).flags(InChild.opens(Unprivileged.class));
        if (obstacle == Obstacle.FIXED_ADDRESSES) {
            Skip.unlessWorks("setarch", "-R");
            child.wrappedIn("setarch", "-R");
        }
        ChildJvm.Result result = child.run(obstacle.name());
        Reason reason = Reason.valueOf(obstacle.name());
        assertEquals(List.of(reason.toString(), reason.toString()), result.out().lines().limit(2).toList(),
                result::toString);
        assertTrue(result.out().contains("in child: skipped write_withoutCapabilities_isRecordedAndFails"),
                result::toString);
        assertTrue(result.out().contains("\nskipped: "), result::toString);
        assertFalse(result.out().contains("in child: passed write_withoutCapabilities_isRecordedAndFails"),
                result::toString);
    }

    /** Without capabilities, a filter can be installed because the JVM gives up the right to gain any. */
    @TestFactory
    Stream<DynamicTest> injectedFaults_inUserNamespaceWithoutCapabilities() {
        Skip.unlessWorks("unshare", "-U");
        return InChild.tests(ChildJvm.of(InChild.class).wrappedIn("unshare", "-U"), Unprivileged.class);
    }
}
