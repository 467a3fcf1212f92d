package dev.linen.inject;

import static dev.linen.inject.CallKind.CLOSE;
import static dev.linen.inject.CallKind.CONNECT;
import static dev.linen.inject.CallKind.FDATASYNC;
import static dev.linen.inject.CallKind.OPEN;
import static dev.linen.inject.CallKind.OPEN_TO_WRITE;
import static dev.linen.inject.CallKind.RENAME;
import static dev.linen.inject.CallKind.SYNC;
import static dev.linen.inject.CallKind.TRUNCATE;
import static dev.linen.inject.CallKind.WRITE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.junit.FaultsExtension;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.process.Tid;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.syscall.abi.Fcntl;
import dev.linen.syscall.abi.Sched;
import dev.linen.testing.Skip;
import dev.linen.testing.Sleepers;

/** What rules do, and what traces show. {@link FaultsTest} runs these in a child JVM. */
@ExtendWith(FaultsExtension.class)
class InjectedFaults {

    @TempDir
    private Path temporary;

    private Path dir = Path.of("/");

    @BeforeEach
    void canonical() throws IOException {
        Supervision.requireHere();
        dir = temporary.toRealPath();
    }

    private FileChannel open(String name) throws IOException {
        return FileChannel.open(dir.resolve(name), CREATE, StandardOpenOption.WRITE, READ);
    }

    private static String message(Executable executable) {
        return String.valueOf(assertThrows(IOException.class, executable).getMessage());
    }

    @Test
    void sync_third_fails(Faults faults) throws IOException {
        Fault fault = faults.on(SYNC).under(dir).nth(3).fail(Errno.EIO);
        try (FileChannel channel = open("a")) {
            channel.force(true);
            channel.force(false);
            assertEquals("Input/output error", message(() -> channel.force(false)));
            channel.force(false);
        }
        assertEquals(4, fault.matched());
        assertEquals(1, fault.fired());
        faults.requireAllFired();
    }

    @Test
    void sync_fromTheSecondOn_fails(Faults faults) throws IOException {
        faults.on(SYNC).under(dir).from(2).fail(Errno.EIO);
        try (FileChannel channel = open("a")) {
            channel.force(true);
            message(() -> channel.force(true));
            message(() -> channel.force(true));
        }
    }

    @Test
    void sync_outsideTheFolder_isAsEver(Faults faults) throws IOException {
        Path other = Files.createDirectory(dir.resolve("other"));
        Fault fault = faults.on(SYNC).under(other).fail(Errno.EIO);
        try (FileChannel channel = open("a")) {
            channel.force(true);
        }
        assertEquals(0, fault.matched());
        assertEquals("these rules never acted:\n  SYNC under " + other + ": EIO (matched 0 calls, acted on 0)",
                assertThrows(AssertionError.class, faults::requireAllFired).getMessage());
        assertEquals("this rule never acted: SYNC under " + other + ": EIO (matched 0 calls, acted on 0)",
                assertThrows(AssertionError.class, fault::requireFired).getMessage());
    }

    @Test
    void write_half_isShort(Faults faults) throws IOException {
        faults.on(WRITE).under(dir, "*.wal").nth(2).half();
        try (FileChannel channel = open("a.wal"); FileChannel other = open("b")) {
            assertEquals(1000, channel.write(ByteBuffer.allocate(1000)));
            assertEquals(1000, other.write(ByteBuffer.allocate(1000)));
            assertEquals(500, channel.write(ByteBuffer.allocate(1000)));
            assertEquals(1000, channel.write(ByteBuffer.allocate(1000)));
            assertEquals(2500, channel.size());
        }
    }

    @Test
    void globWithTwoStars_fileAtAnyDepth_matches(Faults faults) throws IOException {
        Files.createDirectories(dir.resolve("x/y"));
        Fault fault = faults.on(SYNC).under(dir, "**/*.wal").fail(Errno.EIO);
        for (String name : List.of("x/a.wal", "x/y/a.wal")) {
            try (FileChannel channel = open(name)) {
                message(() -> channel.force(true));
            }
        }
        for (String name : List.of("a.wal", "x/y/a.log")) {
            try (FileChannel channel = open(name)) {
                channel.force(true);
            }
        }
        assertEquals(2, fault.matched());
    }

    @Test
    void underTheRoot_anyFile_matches(Faults faults) throws IOException {
        Fault under = faults.on(SYNC).under(Path.of("/")).thread(Tid.current()).fail(Errno.EIO);
        Fault outside = faults.on(SYNC).outside(Path.of("/")).thread(Tid.current()).fail(Errno.EIO);
        try (FileChannel channel = open("a")) {
            message(() -> channel.force(true));
        }
        assertEquals(1, under.matched());
        assertEquals(0, outside.matched());
    }

    @Test
    void write_halfOfSeveralBuffers_isShort(Faults faults) throws IOException {
        faults.on(WRITE).under(dir).half();
        try (FileChannel channel = open("a")) {
            assertEquals(5, channel.write(new ByteBuffer[]{ByteBuffer.wrap("abcd".getBytes()),
                    ByteBuffer.wrap("efghij".getBytes())}));
        }
        assertEquals("abcde", Files.readString(dir.resolve("a")));
    }

    @Test
    void write_beyondTheBudget_isShortThenFails(Faults faults) throws IOException {
        faults.on(WRITE).under(dir).budget(2500);
        try (FileChannel channel = open("a")) {
            assertEquals(1000, channel.write(ByteBuffer.allocate(1000)));
            assertEquals(1000, channel.write(ByteBuffer.allocate(1000)));
            assertEquals(500, channel.write(ByteBuffer.allocate(1000)));
            assertEquals("No space left on device", message(() -> channel.write(ByteBuffer.allocate(1000))));
            assertEquals("No space left on device", message(() -> channel.write(ByteBuffer.allocate(1))));
            assertEquals(2500, channel.size());
        }
    }

    @Test
    void write_thatFails_takesNothingFromTheBudget(Faults faults) throws IOException {
        faults.on(WRITE).under(dir).budget(1000);
        Files.createFile(dir.resolve("a"));
        int notWritable = Libc.open(dir.resolve("a"), Fcntl.O_RDONLY);
        try (Arena arena = Arena.ofConfined(); FileChannel channel = open("b")) {
            assertEquals(-1, Libc.call("write", notWritable, arena.allocate(600), 600));
            assertEquals(-1, Libc.call("pwrite64", notWritable, arena.allocate(600), 600, 0));
            assertEquals(1000, channel.write(ByteBuffer.allocate(1000)));
            assertEquals("No space left on device", message(() -> channel.write(ByteBuffer.allocate(1))));
        }
        Libc.close(notWritable);
    }

    @Test
    void write_cutByAnotherRule_takesWhatItWroteFromTheBudget(Faults faults) throws IOException {
        Fault half = faults.on(WRITE).under(dir).half();
        faults.on(WRITE).under(dir).budget(1100);
        try (FileChannel channel = open("a")) {
            assertEquals(500, channel.write(ByteBuffer.allocate(1000)));
            half.close();
            assertEquals(600, channel.write(ByteBuffer.allocate(1000)));
        }
    }

    @Test
    void write_halfOfItFitsIntoTheBudget_takesOnlyThatHalf(Faults faults) throws IOException {
        Fault half = faults.on(WRITE).under(dir).half();
        faults.on(WRITE).under(dir).budget(100);
        try (FileChannel channel = open("a")) {
            assertEquals(75, channel.write(ByteBuffer.allocate(150)));
            half.close();
            assertEquals(25, channel.write(ByteBuffer.allocate(150)));
        }
    }

    @Test
    void close_fails_theDescriptorIsFree(Faults faults) throws IOException {
        int file = Libc.open(dir.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
        faults.on(CLOSE).under(dir).fail(Errno.EIO);
        assertEquals(-1, Libc.close(file));
        assertEquals(-1, (int) Libc.call("fcntl", file, Fcntl.F_GETFD));
    }

    @Test
    void outside_socketsAndPipes_areInNoFolder(Faults faults) throws IOException {
        Fault fault = faults.on(WRITE).outside(dir).thread(Tid.current()).fail(Errno.EIO);
        Pipe pipe = Pipe.open();
        assertEquals(1, pipe.sink().write(ByteBuffer.allocate(1)));
        pipe.sink().close();
        pipe.source().close();
        assertEquals(0, fault.matched());
    }

    @Test
    void delay_andAStack_theCallWaitsForBoth(Faults faults) throws IOException {
        Trace trace = faults.traceWithStacks(dir);
        Fault late = faults.on(SYNC).under(dir).delay(Duration.ofNanos(1));
        Fault never = faults.on(SYNC).under(dir, "b").delay(Duration.ofSeconds(Long.MAX_VALUE));
        try (FileChannel channel = open("a")) {
            for (int i = 0; i < 50; i++) {
                channel.force(true);
            }
        }
        assertEquals(50, late.fired());
        assertEquals(0, never.matched());
        List<Operation> syncs = trace.operations().stream().filter(Operation.Sync.class::isInstance).toList();
        assertEquals(50, syncs.size());
        for (Operation sync : syncs) {
            assertTrue(sync.call().stack().stream()
                    .anyMatch(frame -> frame.getMethodName().equals("delay_andAStack_theCallWaitsForBoth")),
                    () -> sync + " has the stack " + sync.call().stack());
        }
    }

    @Test
    void rule_thatWasRefused_canBePutIntoForceLater() {
        Faults many = Faults.start();
        try (Faults faults = Faults.start()) {
            FaultRule rule = faults.on(SYNC).under(dir);
            assertThrows(IllegalStateException.class, () -> {
                for (int i = 0; i <= 64; i++) {
                    many.on(SYNC).under(dir).fail(Errno.EIO);
                }
            });
            assertThrows(IllegalStateException.class, () -> rule.fail(Errno.EIO));
            many.close();
            rule.fail(Errno.EIO);
        }
    }

    @Test
    void thread_withItsOwnDescriptors_itsFilesAreFound(Faults faults) throws Exception {
        Skip.unlessThreadsMayUnshare();
        faults.on(WRITE).under(dir, "a").fail(Errno.EIO);
        int number = Libc.open(dir.resolve("b"), Fcntl.O_WRONLY | Fcntl.O_CREAT);
        Fault ofNumber = faults.on(SYNC).descriptor(number).fail(Errno.EIO);
        List<Throwable> thrown = new ArrayList<>();
        Thread.ofPlatform().uncaughtExceptionHandler((_, uncaught) -> thrown.add(uncaught)).start(() -> {
            assertEquals(0, (int) Libc.call("unshare", Sched.CLONE_FILES));
            Libc.close(number);
            assertEquals(number, Libc.open(dir.resolve("a"), Fcntl.O_WRONLY | Fcntl.O_CREAT));
            assertEquals(-1, (int) Libc.call("write", number, 0, 1));
            assertEquals(0, (int) Libc.call("fsync", number));
        }).join();
        assertEquals(List.of(), thrown);
        assertEquals(0, ofNumber.matched());
        Libc.close(number);
    }

    @Test
    void rename_acrossDevices_isNotAtomic(Faults faults) throws IOException {
        faults.on(RENAME).under(dir).nth(1).fail(Errno.EXDEV);
        Files.writeString(dir.resolve("a"), "x");
        Executable move = () -> Files.move(dir.resolve("a"), dir.resolve("b"), StandardCopyOption.ATOMIC_MOVE);
        assertThrows(AtomicMoveNotSupportedException.class, move);
        assertDoesNotThrow(move);
    }

    @Test
    void open_forbiddenByPermission_fails(Faults faults) throws IOException {
        Path secret = Files.createDirectory(dir.resolve("sub")).resolve("secret"); // the pattern is its name's
        Files.writeString(secret, "x");
        faults.on(OPEN).under(dir, "secret").fail(Errno.EACCES);
        assertThrows(java.nio.file.AccessDeniedException.class, () -> Files.readString(secret));
        assertEquals(secret + " (Permission denied)",
                message(() -> new FileInputStream(secret.toFile())));
    }

    @Test
    void open_tooManyFiles_failsForThisDescriptorLimit(Faults faults) throws IOException {
        faults.on(OPEN).under(dir).from(2).times(2).fail(Errno.EMFILE);
        open("a").close();
        assertEquals(dir.resolve("b") + ": Too many open files", message(() -> open("b")));
        assertEquals(dir.resolve("b") + ": Too many open files", message(() -> open("b")));
        open("b").close();
    }

    @Test
    void connect_refused_thenDelayed(Faults faults) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Fault refused = faults.on(CONNECT).nth(1).fail(Errno.ECONNREFUSED);
            Fault late = faults.on(CONNECT).nth(2).delay(Duration.ofMillis(200));
            assertThrows(ConnectException.class,
                    () -> new Socket(server.getInetAddress(), server.getLocalPort()).close());
            long before = System.nanoTime();
            new Socket(server.getInetAddress(), server.getLocalPort()).close();
            assertTrue(System.nanoTime() - before >= 200_000_000, "the delay is at least 200 ms");
            assertEquals(List.of(1L, 1L), List.of(refused.fired(), late.fired()));
        }
    }

    @Test
    void delay_ofOneCall_doesNotDelayOthers(Faults faults) throws Exception {
        Fault fault = faults.on(SYNC).under(dir, "slow").delay(Duration.ofDays(1));
        Thread slow = start(() -> {
            try (FileChannel channel = open("slow")) {
                channel.force(true);
            }
        });
        awaitFired(fault);
        try (FileChannel channel = open("fast")) {
            channel.force(true);
        }
        assertTrue(slow.isAlive());
        fault.close();
        slow.join(); // the call is made when the rule ends
    }

    /** The rule ends while the supervisor, which has already looked at the call, makes another one that was delayed. */
    @Test
    void rule_thatEndsDuringALongCall_delaysNothingLonger(Faults faults) throws Exception {
        Fault ending = faults.on(SYNC).under(dir, "slow").delay(Duration.ofDays(1));
        Fault soon = faults.on(WRITE).under(dir, "long").nth(1).delay(Duration.ofMillis(50));
        faults.on(WRITE).under(dir, "long").budget(1L << 40); // so the supervisor makes these calls itself
        try (FileChannel slow = open("slow");
                FileChannel file = open("long");
                Mapping zeros = Mapping.anonymous(LONG)) {
            Thread delayed = start(() -> slow.force(true));
            awaitFired(ending);
            CompletableFuture<Long> tid = new CompletableFuture<>();
            Thread second = start(() -> {
                tid.complete(Sleepers.tid());
                awaitNotEmpty("long");
                file.write(zeros.segment().asByteBuffer(), 0);
            });
            try (FileChannel call = Sleepers.callOf(tid.get())) {
                Thread first = start(() -> file.write(zeros.segment().asByteBuffer(), 0));
                awaitFired(soon);
                awaitNotEmpty("long");
                // The second write waits for the supervisor, which makes it before it looks again.
                Sleepers.awaitAsleepIn(call, SyscallNumber.PWRITE64);
                ending.close();
                assertEquals(0, Supervision.putAside());
                first.join();
            }
            delayed.join();
            second.join();
        }
    }

    private static final long LONG = 256 << 20;

    private static Thread start(Executable calls) {
        return Thread.ofPlatform().daemon().start(() -> assertDoesNotThrow(calls));
    }

    private static void awaitFired(Fault fault) {
        while (fault.fired() == 0) {
            Thread.onSpinWait();
        }
    }

    private void awaitNotEmpty(String name) throws IOException {
        while (Files.size(dir.resolve(name)) == 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void rule_ofOneThread_isAboutItsCallsOnly(Faults faults) throws Exception {
        faults.on(SYNC).under(dir).thread(Tid.current()).fail(Errno.EIO);
        try (FileChannel channel = open("a")) {
            message(() -> channel.force(true));
            List<Throwable> thrown = new ArrayList<>();
            Thread other = Thread.ofPlatform().uncaughtExceptionHandler((_, uncaught) -> thrown.add(uncaught))
                    .start(() -> assertDoesNotThrow(() -> channel.force(true)));
            other.join();
            assertEquals(List.of(), thrown);
        }
    }

    @Test
    void rule_ofOneDescriptor_isAboutItOnly(Faults faults) throws IOException {
        int first = Libc.open(dir.resolve("a"), Fcntl.O_RDWR | Fcntl.O_CREAT);
        int second = Libc.open(dir.resolve("a"), Fcntl.O_RDWR);
        faults.on(FDATASYNC).descriptor(second).fail(Errno.EIO);
        assertEquals(0, (int) Libc.call("fdatasync", first));
        assertEquals(-1, (int) Libc.call("fdatasync", second));
        Libc.close(first);
        Libc.close(second);
    }

    @Test
    void rules_several_eachCountsAndTheFirstActs(Faults faults) throws IOException {
        Fault first = faults.on(SYNC).under(dir).nth(2).fail(Errno.EIO);
        Fault second = faults.on(SYNC).under(dir).nth(2).fail(Errno.ENOSPC);
        Fault third = faults.on(SYNC).under(dir).nth(3).fail(Errno.ENOSPC);
        try (FileChannel channel = open("a")) {
            channel.force(true);
            assertEquals("Input/output error", message(() -> channel.force(true)));
            assertEquals("No space left on device", message(() -> channel.force(true)));
        }
        assertEquals(List.of(1L, 0L, 1L), List.of(first.fired(), second.fired(), third.fired()));
        assertEquals(List.of(3L, 3L, 3L), List.of(first.matched(), second.matched(), third.matched()));
    }

    @Test
    void rule_closed_hasNoEffect(Faults faults) throws IOException {
        Fault fault = faults.on(SYNC).under(dir).fail(Errno.EIO);
        faults.on(RENAME).under(dir).fail(Errno.EXDEV); // in a slot behind it, which stays in use
        try (FileChannel channel = open("a")) {
            message(() -> channel.force(true));
            fault.close();
            channel.force(true);
        }
        assertEquals(1, fault.fired());
    }

    @Test
    void rule_inTheSlotOfOneThatHasEnded_leavesTheOthersInForce(Faults faults) throws IOException {
        Fault ended = faults.on(RENAME).under(dir).fail(Errno.EXDEV);
        Fault staying = faults.on(SYNC).under(dir).fail(Errno.EIO);
        ended.close();
        faults.on(TRUNCATE).under(dir).fail(Errno.EIO);
        try (FileChannel channel = open("a")) {
            message(() -> channel.force(true));
        }
        assertEquals(1, staying.fired());
    }

    @Test
    void faults_ofTwoTests_areAboutTheirOwnFolders() throws Exception {
        Path a = Files.createDirectory(dir.resolve("a"));
        Path b = Files.createDirectory(dir.resolve("b"));
        try (Faults first = Faults.start(); Faults second = Faults.start()) {
            Fault inA = first.on(WRITE).under(a).fail(Errno.EIO);
            Fault inB = second.on(WRITE).under(b).fail(Errno.ENOSPC);
            List<Thread> threads = new ArrayList<>();
            List<String> messages = java.util.Collections.synchronizedList(new ArrayList<>());
            for (Path folder : List.of(a, b)) {
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 20; i++) {
                        messages.add(folder.getFileName() + " "
                                + message(() -> Files.writeString(folder.resolve("x"), "x")));
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of("a Input/output error", "b No space left on device"),
                    messages.stream().distinct().sorted().toList());
            assertEquals(List.of(20L, 20L), List.of(inA.matched(), inB.matched()));
        }
    }

    @Test
    void write_outside_isForbiddenWithItsStack() throws IOException {
        Path inside = Files.createDirectory(dir.resolve("inside"));
        Faults faults = Faults.start();
        faults.on(OPEN_TO_WRITE).outside(inside).thread(Tid.current()).forbid();
        Files.writeString(inside.resolve("a"), "x");
        assertThrows(java.nio.file.FileSystemException.class, () -> Files.writeString(dir.resolve("b"), "x"));
        String message = String.valueOf(assertThrows(AssertionError.class, faults::close).getMessage());
        assertTrue(message.startsWith("1 forbidden calls:\n"), message);
        assertTrue(message.contains("openat(" + dir.resolve("b") + ") = -1 EPERM (injected)"), message);
        assertTrue(message.contains("at dev.linen.inject.InjectedFaults."), message);
        faults.close(); // again: nothing
    }

    @Test
    void trace_ofCheckpoint_isInOrder(Faults faults) throws IOException {
        Trace trace = faults.traceWithStacks(dir);
        Files.writeString(dir.resolve("snap.tmp"), "x");
        try (FileChannel channel = open("snap.tmp")) {
            channel.force(true);
        }
        Files.move(dir.resolve("snap.tmp"), dir.resolve("snap"), StandardCopyOption.ATOMIC_MOVE);
        assertThrows(AssertionError.class, () -> trace.requireSynced(dir));
        try (FileChannel folder = FileChannel.open(dir, READ)) {
            folder.force(true);
        }
        try (FileChannel channel = open("wal")) {
            channel.truncate(0);
        }
        trace.requireOrder(Step.write(dir, "snap.tmp"), Step.sync(dir, "snap.tmp"),
                Step.rename(dir, "snap.tmp", "snap"),
                Step.sync(dir));
        assertEquals(Step.sync(dir) + " didn't happen after " + Step.create(dir, "wal") + ", but in this order",
                assertThrows(AssertionError.class, () -> trace.requireOrder(Step.create(dir, "wal"), Step.sync(dir)))
                        .getMessage().replaceFirst("(?s):\n.*", ""));
        assertEquals(Step.unlink(dir, "wal") + " didn't happen, but in this order",
                assertThrows(AssertionError.class, () -> trace.requireOrder(Step.unlink(dir, "wal")))
                        .getMessage().replaceFirst("(?s):\n.*", ""));
        String text = trace.toString();
        String names = "(" + dir.resolve("snap.tmp") + ", " + dir.resolve("snap") + ") = 0 <";
        assertTrue(text.contains(" rename" + names) || text.contains(" renameat" + names), text); // aarch64 has no rename
        assertTrue(
                text.contains("at dev.linen.inject.InjectedFaults.trace_ofCheckpoint_isInOrder(InjectedFaults.java:"),
                text);
    }

    @Test
    void trace_ofUnsyncedWrite_saysWhich(Faults faults) throws IOException {
        Trace trace = faults.trace(dir);
        try (FileChannel channel = open("a")) {
            channel.force(true);
            channel.write(ByteBuffer.allocate(10));
            String message = String.valueOf(assertThrows(AssertionError.class,
                    () -> trace.requireSynced(dir.resolve("a"))).getMessage());
            assertTrue(message.startsWith(dir.resolve("a") + " wasn't synced after\n"), message);
            assertTrue(message.contains("write(" + dir.resolve("a") + ", 10 bytes at 0) = 10 <"), message);
            channel.force(false);
            trace.requireSynced(dir.resolve("a"));
        }
    }

    @Test
    void trace_ofFailedSync_doesNotCount(Faults faults) throws IOException {
        Trace trace = faults.trace(dir);
        faults.on(SYNC).under(dir).fail(Errno.EIO);
        try (FileChannel channel = open("a")) {
            channel.write(ByteBuffer.allocate(10));
            message(() -> channel.force(true));
        }
        assertThrows(AssertionError.class, () -> trace.requireSynced(dir.resolve("a")));
        Operation.Sync failed = trace.operations().stream().filter(Operation.Sync.class::isInstance)
                .map(Operation.Sync.class::cast).findFirst().orElseThrow();
        assertTrue(failed.call().injected());
        assertEquals(FileId.of(dir.resolve("a")).inode(), failed.file().inode());
    }

    @Test
    void trace_ofConnection_hasTheAddress(Faults faults) throws IOException {
        Trace trace = faults.trace(dir);
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            new Socket(server.getInetAddress(), server.getLocalPort()).close();
            assertTrue(trace.toString().contains("127.0.0.1:" + server.getLocalPort() + ") = ?")
                    || trace.toString().contains("127.0.0.1]:" + server.getLocalPort() + ") = ?"), trace::toString);
        }
    }

    /** The first test of this JVM that asks for Faults may be one of these. */
    @Test
    @NoLeaks
    void faults_ended_leaveNothing(Faults faults) throws IOException {
        try (Recording recording = Recording.under(dir)) {
            faults.on(SYNC).under(dir).nth(2).fail(Errno.EIO);
            try (FileChannel channel = open("a")) {
                channel.force(true);
            }
            assertEquals(recording.position(), recording.operations().size());
        }
    }

    @Test
    void badUse_ofRules_saysWhatIsRight(Faults faults) {
        assertEquals("the first call that matches is number 1, not 0",
                message(IllegalArgumentException.class, () -> faults.on(SYNC).nth(0)));
        assertEquals("the first call that matches is number 1, not -2",
                message(IllegalArgumentException.class, () -> faults.on(SYNC).from(-2)));
        assertEquals("a rule acts at least once, not 0 times",
                message(IllegalArgumentException.class, () -> faults.on(SYNC).times(0)));
        assertEquals("a budget isn't negative: -1 bytes",
                message(IllegalArgumentException.class, () -> faults.on(WRITE).budget(-1)));
        assertEquals("a delay isn't negative: PT-1S",
                message(IllegalArgumentException.class, () -> faults.on(SYNC).delay(Duration.ofSeconds(-1))));
        assertEquals("a tid is positive, not 0: Tid.current() is the caller's",
                message(IllegalArgumentException.class, () -> faults.on(SYNC).thread(0)));
        assertEquals("a descriptor isn't negative: -1",
                message(IllegalArgumentException.class, () -> faults.on(SYNC).descriptor(-1)));
        assertEquals("on() needs at least one kind of call: on(CallKind.SYNC)",
                message(IllegalArgumentException.class, () -> faults.on()));
        assertEquals("half() is for on(WRITE) only, not for [SYNC]",
                message(IllegalStateException.class, () -> faults.on(SYNC).half()));
        assertEquals("budget() is for on(WRITE) only, not for [WRITE, TRUNCATE]",
                message(IllegalStateException.class, () -> faults.on(WRITE, TRUNCATE).budget(1)));
        assertEquals(
                "/nowhere isn't a folder: create it first, since system calls are compared with its canonical path",
                message(IllegalArgumentException.class, () -> faults.on(SYNC).under(Path.of("/nowhere"))));
        assertEquals("a rule has one folder, and this one has " + dir + " already: make two rules",
                message(IllegalStateException.class, () -> faults.on(SYNC).under(dir).outside(dir)));
        FaultRule rule = faults.on(SYNC).under(dir);
        rule.fail(Errno.EIO);
        assertEquals("this rule is in force already: call on() for another one",
                message(IllegalStateException.class, () -> rule.fail(Errno.EIO)));
    }

    @Test
    void badUse_afterTheEnd_saysWhatIsRight() {
        Faults faults = Faults.start();
        FaultRule rule = faults.on(SYNC).under(dir);
        faults.close();
        String ended = "these faults ended with their test, or were closed: make rules while they are open";
        assertEquals(ended, message(IllegalStateException.class, () -> faults.on(SYNC)));
        assertEquals(ended, message(IllegalStateException.class, () -> rule.fail(Errno.EIO)));
        assertEquals(ended, message(IllegalStateException.class, () -> faults.trace(dir)));
    }

    @Test
    void rules_moreThanThereIsRoomFor_saysWhatIsRight() {
        try (Faults faults = Faults.start()) {
            String message = message(IllegalStateException.class, () -> {
                for (int i = 0; i <= 64; i++) {
                    faults.on(SYNC).under(dir).fail(Errno.EIO);
                }
            });
            assertEquals(
                    "there are 64 rules and recordings already in this JVM: close some, as a Faults or a Recording "
                            + "is closed by try-with-resources",
                    message);
        }
    }

    private static String message(Class<? extends Throwable> type, Executable executable) {
        return String.valueOf(assertThrows(type, executable).getMessage());
    }
}
