package dev.linen.thread;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.linen.junit.ChildJvm;
import dev.linen.testing.Code;
import dev.linen.testing.Faults;
import dev.linen.testing.Guards;

/**
 * Faults of every kind, in sequence, while Java threads raise signals of their own: each fault is reported correctly,
 * and the JVM survives.
 */
class FaultStormTest {

    /** A function, its argument, and the fault that must be reported. */
    private record Kind(String function, long argument, String signalAndCode, long address, FaultCause cause) {}

    private static final long WILD = 0xDEAD_BEEF_0000_1234L;
    private static final long ANY = -1;
    private static final long MISALIGNED = Arena.global().allocate(32, 16).address() + 8;

    private static final List<Kind> KINDS = List.of(
            new Kind("write_byte", 0, "SIGSEGV SEGV_MAPERR", 0, FaultCause.NULL_POINTER),
            new Kind("read_byte", 0x123, "SIGSEGV SEGV_MAPERR", 0x123, FaultCause.NULL_POINTER),
            new Kind("write_byte", 0x12_3456, "SIGSEGV SEGV_MAPERR", 0x12_3456, FaultCause.UNMAPPED),
            new Kind("write_byte", WILD, Code.wildFault(), Code.reported(WILD), FaultCause.UNMAPPED),
            new Kind("store_aligned", MISALIGNED, Code.misalignedFault(), Code.isX86() ? 0 : MISALIGNED,
                    FaultCause.MISALIGNED),
            Code.isX86()
                    ? new Kind("divide_by", 0, "SIGFPE FPE_INTDIV", ANY, FaultCause.DIVIDE)
                    : new Kind("halt", 0, "SIGILL ILL_ILLOPC", ANY, FaultCause.ILLEGAL_INSTRUCTION),
            new Kind("illegal", 0, Code.illegalFault(), ANY, FaultCause.ILLEGAL_INSTRUCTION),
            new Kind("breakpoint", 0, Code.breakpointFault(), Code.isX86() ? 0 : ANY, FaultCause.TRAP),
            new Kind("overflow_by_recursion", 0, Guards.fault(), ANY, FaultCause.STACK_OVERFLOW),
            new Kind("overflow_by_bytes", 0, Guards.fault(), ANY, FaultCause.STACK_OVERFLOW),
            new Kind("jump_to", 0x40, "SIGSEGV SEGV_MAPERR", 0x40, FaultCause.NULL_POINTER),
            new Kind("read_thread_locals", 144, Guards.fault(), ANY, FaultCause.LIBC_TLS));

    static final class Main {
        private static final int FAULTING = 4;
        private static volatile boolean over;
        private static final AtomicLong NULLS = new AtomicLong();
        private static final AtomicLong OVERFLOWS = new AtomicLong();

        public static void main(String... arguments) throws Exception {
            int times = Integer.parseInt(arguments[0]);
            List<Thread> neighbours = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                neighbours.add(Thread.ofPlatform().start(i % 2 == 0 ? Main::nullPointers : Main::stackOverflows));
            }
            neighbours.add(Thread.ofPlatform().start(Main::collections));
            try (ExecutorService executor = Executors.newFixedThreadPool(FAULTING)) {
                List<Future<?>> done = new ArrayList<>();
                for (int part = 0; part < FAULTING; part++) {
                    int first = part;
                    done.add(executor.submit(() -> fault(first, times)));
                }
                for (Future<?> part : done) {
                    part.get();
                }
            } finally {
                over = true;
            }
            for (Thread neighbour : neighbours) {
                neighbour.join();
            }
            System.err.printf("%,d faults contained beside %,d NullPointerExceptions and %,d StackOverflowErrors%n",
                    times,
                    NULLS.get(), OVERFLOWS.get());
            System.out.print(NULLS.get() > 0 && OVERFLOWS.get() > 0 ? "all right" : "Java threads raised no signals");
        }

        private static boolean fault(int first, int times) throws InterruptedException {
            NativeThreadBuilder small = NativeThread.builder().stackSize(64 << 10);
            NativeThreadBuilder usual = NativeThread.builder();
            for (int i = first; i < times; i += FAULTING) {
                check(KINDS.get(i % KINDS.size()), i % 7 == 0 ? usual : small);
            }
            return true;
        }

        private static void check(Kind kind, NativeThreadBuilder builder) throws InterruptedException {
            try (NativeThread thread = builder.start(Faults.faulty(kind.function()), kind.argument())) {
                long result = thread.join();
                throw new AssertionError(kind + " returned " + result);
            } catch (NativeFaultException expected) {
                ThreadFault fault = expected.fault();
                boolean right = kind.signalAndCode().equals(fault.signal() + " " + fault.code())
                        && (kind.address() == ANY || kind.address() == fault.address()) && kind.cause() == fault.cause()
                        && fault.backtrace().stream().anyMatch(frame -> frame.function().startsWith(kind.function())
                                || frame.function().startsWith("recurse"));
                if (!right) {
                    throw new AssertionError(kind + ": " + fault.report());
                }
            }
        }

        /**
         * Raises real SIGSEGVs: the interpreter, in which a flag keeps this method, leaves null checks to the hardware.
         */
        private static void nullPointers() {
            int[][] arrays = new int[2][];
            while (!over) {
                long began = System.nanoTime();
                for (int i = 0; i < 100; i++) {
                    try {
                        arrays[1][0]++;
                    } catch (NullPointerException expected) {
                        NULLS.incrementAndGet();
                    }
                }
                rest(began);
            }
        }

        /** Leaves most of the CPU time for the faults: there may be only one CPU, which may be emulated. */
        private static void rest(long began) {
            LockSupport.parkNanos(Math.max(10_000_000, 3 * (System.nanoTime() - began)));
        }

        private static void stackOverflows() {
            while (!over) {
                long began = System.nanoTime();
                try {
                    recurse(0);
                } catch (StackOverflowError expected) {
                    OVERFLOWS.incrementAndGet();
                }
                rest(began);
            }
        }

        private static int recurse(int depth) {
            return depth < 0 ? 0 : recurse(depth + 1) + 1;
        }

        private static void collections() {
            while (!over) {
                long began = System.nanoTime();
                System.gc();
                rest(began);
            }
        }
    }

    private static void assertAllRight(int times, String... flags) {
        ChildJvm.Result result = ChildJvm.of(Main.class).flags(flags).timeout(Duration.ofMinutes(30))
                .flags("-XX:CompileCommand=quiet",
                        "-XX:CompileCommand=exclude," + Main.class.getName() + "::nullPointers")
                .run("" + times);
        System.out.print(String.join(" ", flags) + ": " + result.err());
        assertEquals("all right", result.out(), result::toString);
    }

    @ParameterizedTest
    @CsvSource({"-XX:+UseSerialGC, -Xmixed", "-XX:+UseParallelGC, -Xint", "-XX:+UseG1GC, -Xmixed",
            "-XX:+UseZGC, -Xmixed"})
    void faults_someHundreds_areToldRight(String collector, String mode) {
        assertAllRight(300, collector, mode, "-Xmx256m");
    }

    @ParameterizedTest
    @CsvSource({"-XX:+UseSerialGC, -Xmixed", "-XX:+UseParallelGC, -Xmixed", "-XX:+UseG1GC, -Xmixed",
            "-XX:+UseZGC, -Xmixed", "-XX:+UseSerialGC, -Xint", "-XX:+UseParallelGC, -Xint", "-XX:+UseG1GC, -Xint",
            "-XX:+UseZGC, -Xint"})
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void faults_aHundredThousand_areToldRight(String collector, String mode) {
        assertAllRight(100_000, collector, mode, "-Xmx256m");
    }
}
