package dev.linen.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
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
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.inject.InjectionUnavailableException.Reason;
import dev.linen.inject.RuleSlot.Content;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_rule;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Protection;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.FailingAllocations;
import dev.linen.testing.InChild;
import dev.linen.testing.OtherUser;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Skip;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.NativeThread;

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
            try (RuleSlot slot = RuleSlot.take(supervisor,
                    new Content(CallKind.FSYNC.calls(), LinenH.LINEN_ACTION_ERRNO, Errno.EIO.number(), 1, 0, 0, -1,
                            LinenH.LINEN_UNDER, dir, null, 0, false))) {
                slot.enable();
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

    /**
     * Supervisors that are killed while calls arrive: many of them between the end of the kernel's receive and their
     * next instruction, because that is where a signal arrives.
     */
    static final class KilledWhileCallsArrive {

        private static final int KILLS = 100;
        private static volatile boolean over;
        private static long written;
        private static long failed;

        public static void main(String... arguments) throws Exception {
            Path file = Path.of(arguments[0]).resolve("a");
            Supervisor supervisor = Supervisor.get();
            ByteArrayOutputStream log = captureLog();
            Thread writer;
            try (Recording _ = Recording.under(file.getParent());
                    FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE,
                            StandardOpenOption.APPEND)) {
                writer = Thread.ofPlatform().start(() -> write(channel));
                for (int i = 0; i < KILLS; i++) {
                    NativeThread killed = supervisor.serving();
                    killed.kill();
                    while (supervisor.serving() == killed) {
                        Thread.sleep(1);
                    }
                }
                over = true;
                writer.join();
            }
            // A call that fails may have been made; none is made twice.
            long bytes = Files.size(file);
            System.out.println(bytes >= written && bytes <= written + failed
                    ? "once"
                    : bytes + " bytes, but " + written
                            + " calls succeeded, " + failed + " failed");
            awaitLogged("another one has taken its place", log);
        }

        private static void write(FileChannel channel) {
            ByteBuffer one = ByteBuffer.allocateDirect(1);
            while (!over) {
                try {
                    written += channel.write(one.clear());
                } catch (IOException killed) {
                    failed++;
                }
            }
        }
    }

    @Test
    void supervisor_killedWhileCallsArrive_eachIsMadeOnce() {
        ChildJvm.Result result = ChildJvm.of(KilledWhileCallsArrive.class).run(folder.toString());
        assertEquals("0 once\n", result.exitStatus() + " " + result.out(), result::toString);
    }

    /** As another user, who may have some threads only. */
    static final class FewThreads {

        private static final int RLIMIT_NPROC = 6;

        static void limit(long threads) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment limit = arena.allocateFrom(ValueLayout.JAVA_LONG, threads, 10_000);
                assertEquals(0, (int) Libc.call("setrlimit", RLIMIT_NPROC, limit));
            }
        }

        static long threads() throws IOException {
            try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
                return tasks.count();
            }
        }
    }

    /** The second supervisor can't be started. */
    static final class NoSecondThread {
        public static void main(String... arguments) throws Exception {
            try (NativeThread other = NativeThread.start(TestFunctions.function("identity"), 1)) {
                other.join(); // loads classes
            }
            FewThreads.limit(2);
            OtherUser.become();
            try {
                Faults.start();
                System.out.print("started");
            } catch (SyscallException | OutOfMemoryError noThread) {
                System.out.print("refused, ");
            }
            System.out.print(Files.readAllLines(Path.of("/proc/self/status")).contains("Seccomp:\t0")
                    ? "no filter, "
                    : "a filter, ");
            FewThreads.limit(10_000);
            Faults.start().close();
            System.out.print(Files.readAllLines(Path.of("/proc/self/status")).contains("Seccomp:\t2"));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void start_noThreadForTheSecond_installsNothingAndWorksTheNextTime() {
        ChildJvm.Result result = ChildJvm.of(NoSecondThread.class).run();
        OtherUser.skipIfRefused(result);
        assertEquals("refused, no filter, true", result.out(), result::toString);
    }

    /** Both supervisors are killed, while there is no thread for a third for some time. */
    static final class NoThirdThread {
        public static void main(String... arguments) throws Exception {
            FewThreads.limit(10_000); // the other user may not be allowed to read JUnit's jar
            long user = 2_000_000 + ProcessHandle.current().pid();
            Libc.call("setresuid", user, user, user); // of all of libc's threads
            Path dir = Files.createTempDirectory("third");
            Supervisor supervisor = Supervisor.get();
            ByteArrayOutputStream log = captureLog();
            try (Faults faults = Faults.start()) {
                faults.on(CallKind.SYNC).under(dir, "c").fail(Errno.EIO);
                FewThreads.limit(FewThreads.threads() + 1);
                NativeThread killed = supervisor.serving();
                killed.kill();
                write(dir.resolve("a"));
                FewThreads.limit(10_000);
                while (supervisor.serving() == killed) {
                    Thread.sleep(1);
                }
                supervisor.serving().kill();
                write(dir.resolve("b"));
                awaitLogged("another one has taken its place", log);
                try {
                    write(dir.resolve("c"));
                } catch (IOException failed) {
                    System.out.print("gone on");
                }
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void supervisor_killedWhenThereIsNoThread_isFollowedLater() throws IOException {
        ChildJvm.Result result = ChildJvm.of(NoThirdThread.class).run();
        assertEquals("gone on", result.out(), result::toString);
    }

    /** Near the end of the stack, rules and recordings are made, and most fail. None stays in force. */
    static final class NearTheEndOfTheStack {

        private static final int FRAMES = 150;
        private static final Recording[] RECORDINGS = new Recording[FRAMES];
        private static Path dir = Path.of("/");
        private static int left;
        private static int caught;
        private static boolean records;

        public static void main(String... arguments) throws Exception {
            dir = Path.of(arguments[0]).toRealPath();
            Supervisor supervisor = Supervisor.get();
            Recording.under(dir).close(); // loads classes
            Recording.withStacksUnder(dir).close();
            for (int round = 0; round < 20; round++) {
                records = round % 2 == 1;
                Faults faults = Faults.start();
                faults.on(CallKind.FSYNC).under(dir).forbid().close();
                faults.trace(dir);
                left = FRAMES;
                Thread digger = new Thread(null, () -> dig(faults), "digger", (256 << 10) + 1040L * round);
                digger.start();
                digger.join();
                for (int i = 0; i < FRAMES; i++) {
                    if (RECORDINGS[i] != null) {
                        RECORDINGS[i].close();
                        RECORDINGS[i] = null;
                    }
                }
                faults.close();
                write(dir.resolve("a"));
                try (Recording recording = Recording.under(dir)) {
                    write(dir.resolve("a"));
                    assertEquals(1, recording.operations().stream().filter(Operation.Sync.class::isInstance).count());
                }
            }
            System.out.print("slots " + supervisor.slots() + ", head " + supervisor.head()
                    + (caught > 100 ? "" : ", only " + caught + " errors"));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }

        private static void dig(Faults faults) {
            try {
                dig(faults);
            } catch (StackOverflowError bottom) {
                // from here on, upwards
            }
            if (left > 0) {
                left--;
                try {
                    attempt(faults);
                } catch (StackOverflowError noRoom) {
                    caught++;
                } catch (IllegalStateException another) {
                    // is in force or recorded already: 64 rules, or this folder
                }
            }
        }

        private static void attempt(Faults faults) {
            if (records) {
                RECORDINGS[left] = left % 2 == 0 ? Recording.under(dir) : Recording.withStacksUnder(dir);
            } else if (left % 3 == 0) {
                faults.on(CallKind.FSYNC).under(dir).forbid();
            } else if (left % 3 == 1) {
                faults.on(CallKind.FSYNC).under(dir).fail(Errno.EIO);
            } else {
                faults.trace(dir);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+TieredCompilation"})
    void rules_nearTheEndOfTheStack_noneStaysInForce(String mode) {
        ChildJvm.Result result = ChildJvm.of(NearTheEndOfTheStack.class).flags(mode).run(folder.toString());
        assertEquals("slots 0, head 0", result.out(), result::toString);
    }

    /** Each allocation fails once, in turn. */
    static final class FullHeap {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]).toRealPath();
            Supervisor supervisor = Supervisor.get();
            for (int what = 0; what < 4; what++) {
                attempt(what, dir, Faults.start()).close(); // loads classes
                boolean failed = true;
                for (int allocation = 1; failed; allocation++) {
                    Faults faults = Faults.start();
                    AutoCloseable made = () -> {};
                    FailingAllocations.arm(allocation, /* andAllThatFollow */ false, /* ofHelpers */ false);
                    try {
                        made = attempt(what, dir, faults);
                    } catch (OutOfMemoryError full) {
                        // as wanted
                    }
                    failed = FailingAllocations.disarm() != null;
                    made.close();
                    faults.close();
                    if (supervisor.slots() != 0 || supervisor.head() != 0) {
                        System.out.print("allocation " + allocation + " of " + what + ": slots " + supervisor.slots()
                                + ", head " + supervisor.head() + "; ");
                        failed = false;
                    }
                    write(dir.resolve("a"));
                }
            }
            System.out.print("nothing is left");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }

        private static AutoCloseable attempt(int what, Path dir, Faults faults) {
            return switch (what) {
                case 0 -> Recording.under(dir);
                case 1 -> faults.on(CallKind.FSYNC).under(dir, "*.wal").forbid();
                case 2 -> faults.on(CallKind.FSYNC).under(dir).fail(Errno.EIO);
                default -> {
                    faults.trace(dir);
                    yield faults;
                }
            };
        }
    }

    @Test
    void rules_madeWhenTheHeapIsFull_noneStaysInForce(@TempDir Path agent) {
        ChildJvm.Result result = FailingAllocations.child(FullHeap.class, agent).run(folder.toString());
        assertEquals("nothing is left", result.out(), result::toString);
    }

    /** Where the JDK takes no text that isn't ASCII for a path. */
    static final class NotAscii {
        public static void main(String... arguments) throws Exception {
            Path dir = Path.of(arguments[0]).toRealPath();
            System.out.print(System.getProperty("sun.jnu.encoding") + ": ");
            for (String folder : List.of("/\u00e9", "/\u00e8")) { // they would be the same text
                libc("mkdir", dir + folder, 0755);
            }
            List<Path> folders = list(dir);
            try (Faults faults = Faults.start(); Recording recording = Recording.under(folders.get(0))) {
                Fault fault = faults.on(CallKind.OPEN).under(folders.get(0)).fail(Errno.EACCES);
                for (String file : List.of("/\u00e9/a", "/\u00e8/\u00df")) {
                    libc("creat", dir + file, 0644);
                }
                fault.close();
                libc("creat", dir + "/\u00e9/\u00fc", 0644);
                libc("creat", dir + "/\u00e8/\u00fc", 0644);
                recording.stop();
                List<Path> opened = recording.operations().stream().map(Operation::path).toList();
                System.out.print(fault.matched() + " matched, " + opened.size() + " recorded, ");
                System.out.print(opened.containsAll(list(folders.get(0))));
            }
        }

        private static List<Path> list(Path folder) throws IOException {
            try (Stream<Path> paths = Files.list(folder)) {
                return paths.sorted(Comparator.reverseOrder()).toList();
            }
        }

        private static void libc(String function, String path, int mode) {
            try (Arena arena = Arena.ofConfined()) {
                Libc.call(function, arena.allocateFrom(path), mode); // UTF-8
            }
        }
    }

    @Test
    void names_inTheCLocale_areBytes() {
        ChildJvm.Result result = ChildJvm.of(NotAscii.class).wrappedIn("env", "LC_ALL=C").run(folder.toString());
        assertEquals("ANSI_X3.4-1968: 1 matched, 2 recorded, true", result.out(), result::toString);
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
            InChild.main(arguments[1]);
        }
    }

    @Test
    void parameterOfAnEnclosingClass_obstacle_skipsTheTestsOfTheInnerOne() {
        ChildJvm.Result result = ChildJvm.of(Hindered.class).flags(InChild.opens(FaultsBeforeEach.class))
                .run(Obstacle.NO_SECCOMP.name(), FaultsBeforeEach.class.getName());
        assertTrue(result.out().contains("in child: skipped rulesOfTheOuterClass_areInForce"), result::toString);
        assertFalse(result.out().contains("in child: failed"), result::toString);
    }

    static final class LeavingOpen {
        public static void main(String... arguments) throws Exception {
            FailingSyscall.of(SyscallNumber.of(arguments[0]).orElseThrow()).with(Errno.EPERM);
            Set<String> before = descriptors();
            try {
                Supervisor.get(new RecordFiles(Path.of(arguments[1])));
            } catch (InjectionUnavailableException | SyscallException refused) {
                System.out.println(refused.getMessage());
            }
            System.out.println(before.equals(descriptors()));
        }

        private static Set<String> descriptors() {
            return Set.of(new File("/proc/self/fd").list());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"eventfd2", "seccomp"})
    void get_refused_leavesNoDescriptor(String call, @TempDir Path folder) {
        ChildJvm.Result result = ChildJvm.of(LeavingOpen.class).run(call, folder.toString());
        assertTrue(result.out().matches(call + ".*EPERM.*\ntrue\n"), result::toString);
    }

    @ParameterizedTest
    @EnumSource
    void start_obstacle_isNamedAndTheTestsAreSkipped(Obstacle obstacle) {
        ChildJvm child = ChildJvm.of(Hindered.class).flags(InChild.opens(Unprivileged.class));
        if (obstacle == Obstacle.FIXED_ADDRESSES) {
            Skip.unlessWorks("setarch", "-R");
            child.wrappedIn("setarch", "-R");
        }
        ChildJvm.Result result = child.run(obstacle.name(), Unprivileged.class.getName());
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
