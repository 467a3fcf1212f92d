package dev.linen.thread;

import static dev.linen.testing.Faults.fault;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import dev.linen.function.CSource;
import dev.linen.function.CompilationException;
import dev.linen.function.MachineCode;
import dev.linen.function.NativeFunction;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.Code;
import dev.linen.testing.Skip;

/** A process that has used up its file descriptors still learns how its native threads have ended. */
class OutOfDescriptorsTest {

    private static final List<RandomAccessFile> ALL = new ArrayList<>();

    private static void useUp() {
        try {
            while (true) {
                ALL.add(new RandomAccessFile("/dev/null", "r"));
            }
        } catch (IOException none) {
            // now there are none
        }
    }

    private static void free() {
        try {
            while (!ALL.isEmpty()) {
                ALL.removeLast().close();
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static ChildJvm child(Class<?> main) {
        return ChildJvm.of(main).wrappedIn("sh", "-c", "ulimit -n 200 && exec \"$@\"", "sh");
    }

    /** Each is another library. */
    private static CSource source(String comment) {
        return CSource.compile("// " + comment + """

                long deref(volatile long *p) { return *p; }
                long identity(long x) { return x; }
                long jump(long (*p)(void)) { return p() + 1; }
                void loop(void *p) { for (;;) __asm__ volatile(""); }
                """);
    }

    /** What is recorded in the control block. */
    private static String facts(ThreadFault fault) {
        return fault.signal() + " " + fault.code() + " " + fault.address() + " argument="
                + fault.registers().get(Code.argument())
                + " " + fault.cause() + ": " + fault.explanation();
    }

    static final class Faults {
        public static void main(String... arguments) throws Exception {
            // Without a descriptor, a JVM can't load classes from a directory, as those of the tests are.
            fault(NativeThread.builder(), source("jump").function("jump"), 0).report();
            faults(source("before"), () -> {}, () -> {});
            System.out.println("-");
            faults(source("without"), OutOfDescriptorsTest::useUp, OutOfDescriptorsTest::free);
        }

        private static void faults(CSource c, Runnable before, Runnable after) throws Exception {
            NativeFunction deref = c.function("deref");
            NativeThread looping = NativeThread.start(c.function("loop"), 0);
            try (NativeThread joined = NativeThread.start(deref, 8);
                    NativeThread awaited = NativeThread.start(deref, 16)) {
                before.run();
                ThreadFault fault = assertThrows(NativeFaultException.class, joined::join).fault();
                System.out.println("join: " + facts(fault));
                System.out.println(fault.report().contains("backtrace") ? "reported" : fault.report());
                ExecutionException failed = assertThrows(ExecutionException.class,
                        () -> awaited.onExit().get(5, TimeUnit.MINUTES));
                System.out.println("onExit: " + facts(((NativeFaultException) failed.getCause()).fault()));
                looping.kill();
                System.out.println("kill: " + assertThrows(NativeThreadKilledException.class, looping::join).fault()
                        .cause());
                looping.close();
                after.run();
                System.out.println("later: " + fault.location().function().replaceAll("\\+.*", "") + " in "
                        + fault.location().file());
            }
        }
    }

    @Test
    void join_noDescriptorLeft_throwsTheFault() {
        Skip.unlessKillWorks();
        ChildJvm.Result result = child(Faults.class).run();
        String expected = """
                join: SIGSEGV SEGV_MAPERR 8 argument=8 null-pointer: NULL + 0x8 was read
                reported
                onExit: SIGSEGV SEGV_MAPERR 16 argument=16 null-pointer: NULL + 0x10 was read
                kill: killed
                later: deref in the C text
                """;
        assertEquals(expected + "-\n" + expected, result.out(), result::toString);
    }

    static final class Starts {
        public static void main(String... arguments) throws Exception {
            starts(source("before"));
            CSource without = source("without");
            useUp();
            starts(without);
            for (int spare : new int[]{0, 1, 3}) {
                for (int i = 0; i < spare; i++) {
                    ALL.removeLast().close();
                }
                CompilationException failed = assertThrows(CompilationException.class,
                        () -> CSource.compile("long another(long x) { return x; }"));
                boolean saysWhy = failed.getMessage().contains("Too many open files");
                System.out.println(saysWhy ? "says why" : failed.getMessage());
            }
            free();
            System.out.println(CSource.compile("long another(long x) { return x; }").function("another"));
        }

        private static void starts(CSource c) throws InterruptedException {
            for (NativeThread.Kind kind : NativeThread.Kind.values()) {
                try (NativeThread thread = NativeThread.builder().kind(kind).start(c.function("identity"), 42)) {
                    System.out.println(kind + " " + thread.join());
                }
            }
            try (NativeThread thread = NativeThread.start(MachineCode.of(Code.identity()).function(), 44)) {
                System.out.println(thread.join());
            }
        }
    }

    @Test
    void start_noDescriptorLeft_works() {
        ChildJvm.Result result = child(Starts.class).run();
        String expected = "CLONE 42\nPOSIX 42\n44\n";
        assertEquals(expected + expected + "says why\nsays why\nsays why\nanother\n", result.out(), result::toString);
        assertEquals(0, result.exitStatus(), result::toString);
    }
}
