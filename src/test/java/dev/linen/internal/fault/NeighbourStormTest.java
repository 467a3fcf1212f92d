package dev.linen.internal.fault;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.Supplier;

import one.profiler.AsyncProfiler;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import dev.linen.Linen;
import dev.linen.function.NativeFunction;
import dev.linen.junit.ChildJvm;
import dev.linen.testing.ApplicationLoader;
import dev.linen.testing.Code;
import dev.linen.testing.Guards;
import dev.linen.testing.TestFunctions;
import dev.linen.thread.FaultContainment;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;
import dev.linen.thread.NativeThreadBuilder;
import dev.linen.thread.ThreadFault;

/**
 * Faults on the threads of two copies of linen, in a JVM with all that is known to get in the way of a signal handler:
 * a profiler that interrupts by SIGPROF and handles SIGSEGV, a crash reporter that was installed later, and Java code
 * that raises SIGSEGV.
 */
class NeighbourStormTest {

    /** A function, its argument, and the fault that must be reported. */
    private record Kind(String function, long argument, String signalAndCode, long address) {}

    private static final long ANY = -1;
    private static final long WILD = 0xDEAD_BEEF_0000_1234L;

    /** One application: each has a class loader, and so a linen, of its own. */
    public static final class Application implements IntFunction<String>, Supplier<String> {

        private static final List<Kind> KINDS = List.of(new Kind("write_byte", 0, "SIGSEGV SEGV_MAPERR", 0),
                new Kind("read_byte", 0x123, "SIGSEGV SEGV_MAPERR", 0x123),
                new Kind("write_byte", WILD, Code.wildFault(), Code.reported(WILD)),
                Code.isX86()
                        ? new Kind("divide_by", 0, "SIGFPE FPE_INTDIV", ANY)
                        : new Kind("halt", 0, "SIGILL ILL_ILLOPC", ANY),
                new Kind("illegal", 0, Code.illegalFault(), ANY),
                new Kind("breakpoint", 0, Code.breakpointFault(), Code.isX86() ? 0 : ANY),
                new Kind("overflow_by_recursion", 0, Guards.fault(), ANY),
                new Kind("jump_to", 0x40, "SIGSEGV SEGV_MAPERR", 0x40));

        private final SymbolLookup library = TestFunctions.library("faults");
        private final NativeThreadBuilder builder = NativeThread.builder().stackSize(64 << 10);

        /** Faults that many times. Returns what is wrong: nothing. */
        @Override
        public String apply(int times) {
            for (int i = 0; i < times; i++) {
                String wrong = fault(KINDS.get(i % KINDS.size()));
                if (!wrong.isEmpty()) {
                    return wrong;
                }
            }
            return "";
        }

        private String fault(Kind kind) {
            try (NativeThread thread = builder.start(NativeFunction.ofSymbol(library, kind.function()),
                    kind.argument())) {
                return kind + " returned " + thread.join();
            } catch (NativeFaultException expected) {
                ThreadFault fault = expected.fault();
                boolean right = kind.signalAndCode().equals(fault.signal() + " " + fault.code())
                        && (kind.address() == ANY || kind.address() == fault.address());
                return right ? "" : kind + ": " + fault.report();
            } catch (InterruptedException unexpected) {
                return unexpected.toString();
            }
        }

        /** Returns whether faults are contained. The start of a thread looks whether linen's handlers are in front. */
        @Override
        public String get() {
            try (NativeThread thread = builder.start(TestFunctions.function("identity"), 42)) {
                return thread.join() == 42 ? Linen.faultContainment().name() : "a wrong result";
            } catch (InterruptedException unexpected) {
                return unexpected.toString();
            }
        }
    }

    static final class Main {
        private static final int CALLERS = 2;
        private static volatile boolean over;
        private static long nulls;

        @SuppressWarnings("unchecked")
        public static void main(String... arguments) throws Throwable {
            int times = Integer.parseInt(arguments[0]);
            AsyncProfiler profiler = AsyncProfiler.getInstance();
            profiler.execute("start,threads,interval=1ms,event=itimer");
            List<Object> applications = List.of(new ApplicationLoader("one").create(Application.class),
                    new ApplicationLoader("two").create(Application.class));
            for (Object application : applications) {
                check(((IntFunction<String>) application).apply(10));
            }
            SymbolLookup reporter = TestFunctions.library("crash_reporter");
            check(install(reporter) == 0 ? "" : "no crash reporter");
            for (Object application : applications) { // after a second at most
                while (!((Supplier<String>) application).get().equals(FaultContainment.ON.name())) {
                    TimeUnit.MILLISECONDS.sleep(10);
                }
            }
            Thread neighbour = Thread.ofPlatform().start(Main::nullPointers);
            try (ExecutorService executor = Executors.newCachedThreadPool()) {
                List<Future<String>> parts = new ArrayList<>();
                for (int i = 0; i < CALLERS * applications.size(); i++) {
                    IntFunction<String> application = (IntFunction<String>) applications.get(i % applications.size());
                    parts.add(executor.submit(() -> application.apply(times / (CALLERS * applications.size()))));
                }
                for (Future<String> part : parts) {
                    check(part.get());
                }
            } finally {
                over = true;
            }
            neighbour.join();
            long reported = reporter.find("reported").orElseThrow().reinterpret(8).get(JAVA_LONG, 0);
            System.err
                    .printf("%,d faults contained beside %,d NullPointerExceptions, %,d signals to the crash reporter "
                            + "and %,d samples of the profiler%n", times, nulls, reported, profiler.getSamples());
            profiler.stop();
            check(nulls > 0 && reported >= nulls && profiler.getSamples() > 0 ? "" : "a neighbour was idle");
            System.out.print("all right");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }

        private static void check(String wrong) {
            if (!wrong.isEmpty()) {
                throw new AssertionError(wrong);
            }
        }

        private static long install(SymbolLookup reporter) throws Throwable {
            return (long) Linker.nativeLinker()
                    .downcallHandle(reporter.find("install_crash_reporter").orElseThrow(),
                            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG))
                    .invokeExact(0L);
        }

        /** Raises real SIGSEGVs: a flag leaves this method to the interpreter, which checks by the hardware. */
        private static void nullPointers() {
            int[][] arrays = new int[2][];
            while (!over) {
                try {
                    arrays[1][0]++;
                } catch (NullPointerException expected) {
                    nulls++;
                }
                Thread.yield();
            }
        }
    }

    private static void assertAllRight(int times) {
        ChildJvm.Result result = ChildJvm.of(Main.class).onClassPath().timeout(Duration.ofMinutes(30))
                .flags("--enable-native-access=ALL-UNNAMED", "-Xmx256m", "-XX:CompileCommand=quiet",
                        "-XX:CompileCommand=exclude," + Main.class.getName() + "::nullPointers")
                .run("" + times);
        System.out.print(result.err());
        assertEquals("all right", result.out(), result::toString);
    }

    @Test
    void faults_twoCopiesAProfilerAndACrashReporter_areToldRight() {
        assertAllRight(400);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void faults_aHundredThousandWithTwoCopiesAProfilerAndACrashReporter_areToldRight() {
        assertAllRight(100_000);
    }
}
