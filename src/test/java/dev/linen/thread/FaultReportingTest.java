package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.function.CSource;
import dev.linen.function.NativeFunction;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.memory.Mapping;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Faults;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Tasks;
import dev.linen.testing.TestFunctions;

/** Reporting a fault runs user code, such as the logger's, and reads libraries that may have been replaced. */
class FaultReportingTest {

    /** Makes the log run an action for each line: by default, the log is written to stderr. */
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

    /** Detaches a thread that then faults. */
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
    void fault_loggerThrows_doesNotAffectOtherThreads() {
        ChildJvm.Result result = ChildJvm.of(LogThrows.class).run();
        assertEquals("closed, its arena is closed, innocent: 1", result.out(), result::toString);
    }

    /** A log that waits for another Java thread, which starts a native thread. */
    static final class LogWaits {
        public static void main(String... arguments) throws Exception {
            CountDownLatch logged = new CountDownLatch(1);
            logTo(() -> {
                Thread other = Thread.ofPlatform().daemon()
                        .start(() -> NativeThread.start(function("identity"), 1).close());
                awaitEnd(other);
                System.out.print(other.isAlive() ? "hangs " : "works ");
                logged.countDown();
            });
            detachedFault();
            NativeThread.start(function("identity"), 1).close();
            logged.await();
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    private static void awaitEnd(Thread thread) {
        try {
            thread.join(60_000);
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    @Test
    void fault_loggerWaitsForAnotherThread_thatOneCanStart() {
        ChildJvm.Result result = ChildJvm.of(LogWaits.class).run();
        assertEquals("works ", result.out(), result::toString);
    }

    /**
     * A library is rebuilt into the same file while the JVM runs. It is stripped, so its only symbols are those in
     * memory.
     */
    @Test
    void fault_libraryRebuiltAndLoadedAgain_hasTheNewSymbols(@TempDir Path folder) throws Exception {
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

    /** Writes the library into the same inode, like cp. */
    private static void build(Path library, Path folder, String text) throws IOException, InterruptedException {
        Path source = Files.writeString(folder.resolve("again.c"), text);
        Path made = folder.resolve("made.so");
        Process compiler = new ProcessBuilder("cc", "-O1", "-s", "-Wl,--build-id=none", "-fPIC", "-shared", "-nostdlib",
                "-o", made.toString(),
                source.toString()).inheritIO().start();
        assertEquals(0, compiler.waitFor());
        Files.write(library, Files.readAllBytes(made));
    }

    /** In the locale "C", Java can't open a file that has other characters than ASCII in its name. */
    static final class OtherCharset {
        public static void main(String... arguments) throws Throwable {
            Linker linker = Linker.nativeLinker();
            MethodHandle open = linker.downcallHandle(linker.defaultLookup().find("dlopen").orElseThrow(),
                    FunctionDescriptor.of(ADDRESS, ADDRESS, ValueLayout.JAVA_INT));
            MethodHandle find = linker.downcallHandle(linker.defaultLookup().find("dlsym").orElseThrow(),
                    FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment library = (MemorySegment) open.invokeExact(
                        arena.allocateFrom(arguments[0] + "/\u00fc/faults.so"), /* RTLD_NOW */ 2);
                MemorySegment function = (MemorySegment) find.invokeExact(library, arena.allocateFrom("write_byte"));
                System.out.print(Faults.fault(NativeThread.builder(), NativeFunction.ofAddress(function), 8)
                        .location().function().replaceAll("\\+.*", ""));
            }
        }
    }

    @Test
    void location_fileNameIsNotInTheLocalesCharset_isKnown(@TempDir Path folder) throws Exception {
        Process copy = new ProcessBuilder("sh", "-c", "d=$2/$(printf '\\303\\274') && mkdir $d && cp $1 $d", "sh",
                TestFunctions.path("faults").toString(), folder.toString()).inheritIO().start();
        assertEquals(0, copy.waitFor());
        ChildJvm.Result result = ChildJvm.of(OtherCharset.class).wrappedIn("env", "LC_ALL=C")
                .run(folder.toString());
        assertEquals("write_byte", result.out(), result::toString);
    }

    @Test
    void explanation_ofALargeFrame_doesNotClaimThatAllIsUsed() {
        ThreadFault fault = Faults.fault(NativeThread.builder().stackSize(64 << 10).pool(StackPool.bounded(0)),
                Faults.faulty("overflow_by_frame"), 64 << 10);
        assertEquals(Mapping.pageSize(), fault.stackUsed());
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

    /** A seccomp filter kills the thread when it sets its name, so it never reports that it is ready. */
    static final class EndedInItsSetup {
        public static void main(String... arguments) throws Exception {
            // Starts linen's Java threads now, because they set their names, too.
            NativeThread.start(function("identity"), 1).onExit().get();
            Thread starter = Thread.ofPlatform().daemon().start(() -> {
                SeccompFilter.endWhoCalls(SyscallNumber.PRCTL, Kernel.PR_SET_NAME);
                NativeThread.builder().name("x").start(function("identity"), 1).close();
            });
            awaitEnd(starter);
            System.out.print(starter.isAlive() ? "start hangs" : "start returned");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void start_threadEndsBeforeItIsReady_returns() {
        ChildJvm.Result result = ChildJvm.of(EndedInItsSetup.class).run();
        assertEquals("start returned", result.out(), result::toString);
    }
}
