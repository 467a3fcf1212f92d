package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.function.CSource;
import dev.linen.function.NativeFunction;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Faults;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Tasks;

/** To tell of a fault runs the user's code, his log's, and reads libraries that may be others by now. */
class FaultTellingTest {

    /** A log that does something of its own with each line: it goes to stderr, when nobody says otherwise. */
    private static void logTo(Runnable action) {
        System.setErr(new PrintStream(OutputStream.nullOutputStream(), true) {
            @Override
            public void println(String line) {
                action.run();
            }

            @Override
            public void write(byte[] line, int offset, int length) {
                action.run();
            }
        });
    }

    /** Faults after it was detached: that is seen by the next who takes a stack. */
    private static void detachedFault() {
        MemorySegment word = Arena.global().allocate(8);
        CSource source = CSource.compile("""
                void *wait_and_fault(volatile int *word) {
                    while (*word == 0) ;
                    return (void *)(long)*(volatile char *)8;
                }
                """);
        NativeThread thread = NativeThread.start(source.function("wait_and_fault"), word);
        int tid = thread.tid();
        thread.detach();
        word.set(ValueLayout.JAVA_INT, 0, 1);
        Tasks.awaitGone(tid);
    }

    static final class LogThrows {
        public static void main(String... arguments) throws Exception {
            logTo(() -> {
                throw new AssertionError("of the log");
            });
            MemorySegment[] given = new MemorySegment[1];
            try {
                NativeThread.builder().start(Faults.faulty("write_byte"), memory -> {
                    given[0] = memory.allocate(8);
                    return MemorySegment.ofAddress(8);
                }).close();
                System.out.print("closed, ");
            } catch (AssertionError ofTheLog) {
                System.out.print("close threw, ");
            }
            System.out.print(given[0].scope().isAlive() ? "its arena is open, " : "its arena is closed, ");
            detachedFault();
            try (NativeThread innocent = NativeThread.start(function("identity"), 1)) {
                System.out.print("innocent: " + innocent.join());
            } catch (AssertionError ofTheLog) {
                System.out.print("innocent: start threw");
            }
        }
    }

    @Test
    void fault_theLogThrows_isNobodyElsesTrouble() {
        ChildJvm.Result result = ChildJvm.of(LogThrows.class).run();
        assertEquals("closed, its arena is closed, innocent: 1", result.out(), result::toString);
    }

    /** A log that hands its lines to another Java thread, and waits for it. */
    static final class LogWaits {
        public static void main(String... arguments) throws Exception {
            logTo(() -> {
                Thread other = Thread.ofPlatform().daemon()
                        .start(() -> NativeThread.start(function("identity"), 1).close());
                awaitEnd(other);
                System.out.print(other.isAlive() ? "hangs " : "works ");
            });
            detachedFault();
            NativeThread.start(function("identity"), 1).close();
            Thread.sleep(3000); // it is told by somebody else, in his own time
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    private static void awaitEnd(Thread thread) {
        try {
            thread.join(5000);
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    @Test
    void fault_theLogWaitsForAnotherThread_whichGetsItsStack() {
        ChildJvm.Result result = ChildJvm.of(LogWaits.class).run();
        assertEquals("works ", result.out(), result::toString);
    }

    /** A library that is built again while the JVM runs, into the same file, and has no symbols but those in memory. */
    @Test
    void fault_libraryRewrittenAndLoadedAgain_isNamedByTheNewOne(@TempDir Path folder) throws Exception {
        Path library = folder.resolve("again.so");
        String names = "";
        for (String name : new String[]{"first", "second"}) {
            build(library, folder, "void *" + name + "(volatile char *p) { *p = 1; return 0; }");
            try (Arena arena = Arena.ofShared()) {
                NativeFunction function = NativeFunction.ofSymbol(SymbolLookup.libraryLookup(library, arena), name);
                ThreadFault fault = Faults.fault(NativeThread.builder(), function, 0);
                names += fault.location().function().replaceAll("\\+.*", " ");
            }
        }
        assertEquals("first second ", names);
    }

    /** Into the same inode, as cp does. */
    private static void build(Path library, Path folder, String text) throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve("again.c"), text);
        Path made = folder.resolve("made.so");
        Process compiler = new ProcessBuilder("cc", "-O1", "-s", "-Wl,--build-id=none", "-fPIC", "-shared", "-nostdlib",
                "-o", made.toString(),
                source.toString()).inheritIO().start();
        assertEquals(0, compiler.waitFor());
        Files.write(library, Files.readAllBytes(made));
    }

    @Test
    void explanation_ofABigFrame_doesNotSayThatAllIsUsed() {
        ThreadFault fault = Faults.fault(NativeThread.builder().stackSize(64 << 10).pool(StackPool.bounded(0)),
                Faults.faulty("overflow_by_frame"), 64 << 10);
        assertEquals(4096, fault.stackUsed());
        assertFalse(fault.explanation().contains("all 65536 bytes of the stack are used"), fault::report);
    }

    @Test
    void join_byManyAtOnce_allGetTheSameFault() throws Exception {
        int others = 0;
        try (ExecutorService joiners = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 100; i++) {
                try (NativeThread thread = NativeThread.start(Faults.faulty("overflow_by_recursion"), 0)) {
                    List<Future<ThreadFault>> faults = new ArrayList<>();
                    for (int joiner = 0; joiner < 4; joiner++) {
                        faults.add(joiners
                                .submit(() -> assertThrows(NativeFaultException.class, thread::join).fault()));
                    }
                    ThreadFault first = faults.getFirst().get();
                    for (Future<ThreadFault> fault : faults) {
                        others += fault.get() == first ? 0 : 1;
                    }
                }
            }
        }
        assertEquals(0, others);
    }

    /** By a seccomp filter that ends who names himself: nobody says that the thread is ready. */
    static final class EndedInItsSetup {
        public static void main(String... arguments) throws Exception {
            NativeThread.start(function("identity"), 1).onExit().get(); // what else makes threads with names
            Thread starter = Thread.ofPlatform().daemon().start(() -> {
                SeccompFilter.endWhoCalls(SyscallNumber.PRCTL, Kernel.PR_SET_NAME);
                NativeThread.builder().name("x").start(function("identity"), 1).close();
            });
            awaitEnd(starter);
            System.out.print(starter.isAlive() ? "start hangs" : "start came back");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void start_threadEndsBeforeItIsReady_comesBack() {
        ChildJvm.Result result = ChildJvm.of(EndedInItsSetup.class).run();
        assertEquals("start came back", result.out(), result::toString);
    }
}
