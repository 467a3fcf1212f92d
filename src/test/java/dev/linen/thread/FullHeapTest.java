package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static dev.linen.testing.TestFunctions.library;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.Linen;
import dev.linen.function.NativeFunction;
import dev.linen.futex.Futex;
import dev.linen.internal.registry.KeptMemory;
import dev.linen.junit.ChildJvm;
import dev.linen.memory.Mapping;
import dev.linen.testing.FailingAllocations;
import dev.linen.testing.Garbage;
import dev.linen.testing.Skip;
import dev.linen.thread.NativeThread.Kind;

/** An OutOfMemoryError at any allocation inside linen leaves nothing locked, counted or lost. */
class FullHeapTest {

    private static final NativeFunction IDENTITY = function("identity");
    private static final NativeFunction IN_JAVA = NativeFunction.ofJava(n -> n, Arena.global());
    private static final NativeFunction WAIT = function("wait_for_word");
    private static final NativeFunction FAULT = NativeFunction.ofSymbol(library("faults"), "write_byte");

    /** What is done while an allocation fails; {@code thread} was started before. */
    private enum Operation {
        // These threads don't end before the case does: a start that failed after clone would wait for ever.
        START {
            @Override
            void run(Case its) {
                its.started = NativeThread.start(WAIT, its.word);
            }
        },
        START_ON_NEW_STACK {
            @Override
            void run(Case its) {
                its.started = NativeThread.builder().stackSize(its.number * 4096 + (1 << 20)).start(WAIT, its.word);
            }
        },
        START_WITH_PROPERTIES {
            @Override
            void run(Case its) {
                its.started = NativeThread.builder().name("named").nice(19).start(WAIT, its.word);
            }
        },
        START_POSIX {
            @Override
            void run(Case its) {
                its.started = NativeThread.builder().kind(Kind.POSIX).start(WAIT, its.word);
            }
        },
        START_IN_JAVA {
            @Override
            void run(Case its) {
                try {
                    its.started = NativeThread.builder().kind(Kind.POSIX).start(IN_JAVA, 1);
                } catch (IllegalStateException notAttached) {
                    // by an error of the new thread, which has linen's name
                }
            }
        },
        START_OWNING {
            @Override
            void run(Case its) {
                its.started = NativeThread.builder().start(IDENTITY, memory -> {
                    its.arena = memory;
                    return memory.allocate(8);
                });
            }
        },
        DETACH_OWNING {
            @Override
            void run(Case its) {
                NativeThread.builder().start(IDENTITY, memory -> {
                    its.arena = memory;
                    return memory.allocate(8);
                }).detach();
            }
        },
        STATE {
            @Override
            void run(Case its) {
                its.thread.state();
            }
        },
        TRY_JOIN {
            @Override
            void run(Case its) {
                its.thread.tryJoin();
            }
        },
        JOIN {
            @Override
            void run(Case its) throws InterruptedException {
                its.letEnd();
                its.thread.join();
            }
        },
        JOIN_WITH_TIMEOUT {
            @Override
            void run(Case its) throws InterruptedException {
                its.thread.join(Duration.ofMillis(12));
            }
        },
        ON_EXIT {
            @Override
            void run(Case its) {
                its.future = its.thread.onExit();
            }
        },
        JOIN_ANY {
            @Override
            void run(Case its) throws InterruptedException {
                its.letEnd();
                NativeThread.joinAny(List.of(its.thread));
            }
        },
        STACK {
            @Override
            void run(Case its) {
                its.thread.stack().used();
                its.thread.handle();
            }
        },
        KILL {
            @Override
            void run(Case its) {
                its.thread.kill();
            }
        },
        JOIN_KILLED {
            @Override
            void run(Case its) throws InterruptedException {
                its.thread.kill();
                try {
                    its.thread.join();
                } catch (NativeThreadKilledException killed) {
                    // as it should be
                }
            }
        },
        DETACH {
            @Override
            void run(Case its) {
                its.thread.detach();
            }
        },
        DETACH_ENDED {
            @Override
            void run(Case its) throws InterruptedException {
                its.letEnd();
                its.thread.join();
                its.thread.detach();
            }
        },
        CLOSE {
            @Override
            void run(Case its) {
                its.letEnd();
                its.thread.close();
            }
        },
        JOIN_FAULTED {
            @Override
            void run(Case its) throws InterruptedException {
                its.started = NativeThread.start(FAULT, 8);
                try {
                    its.started.join();
                } catch (NativeFaultException faulted) {
                    faulted.getMessage();
                }
            }
        },
        DETACH_FAULTED {
            @Override
            void run(Case its) {
                NativeThread.start(FAULT, 8).detach();
            }
        },
        LIKE_C {
            @Override
            void run(Case its) {
                int error = Linen.threadCreate(C_HANDLE, C_FUNCTION, MemorySegment.NULL);
                if (error == 0) {
                    its.likeC = true;
                    error = Linen.threadJoin(C_HANDLE.get(ValueLayout.ADDRESS, 0), C_RESULT);
                }
                if (error == 0) {
                    its.likeC = false;
                } else {
                    throw new AssertionError(error);
                }
            }
        },
        MAPPING {
            @Override
            void run(Case its) {
                Mapping.anonymous(1 << 16).close();
            }
        },
        TRIM {
            @Override
            void run(Case its) {
                StackPool.shared().trim();
            }
        };

        abstract void run(Case its) throws InterruptedException;
    }

    private static final MemorySegment C_HANDLE = Arena.global().allocate(ValueLayout.ADDRESS);
    private static final MemorySegment C_RESULT = Arena.global().allocate(ValueLayout.ADDRESS);
    private static final MemorySegment C_FUNCTION = IDENTITY.address();

    /** One operation at one failing allocation. */
    private static final class Case {
        final long number;
        final NativeThread thread;

        /** The thread waits for this dword. It is freed when nothing, so no running thread, refers to it. */
        private final MemorySegment word = Arena.ofAuto().allocate(ValueLayout.JAVA_INT);

        volatile @Nullable NativeThread started;
        volatile @Nullable Arena arena;
        volatile @Nullable CompletableFuture<Long> future;
        boolean likeC;

        Case(long number) {
            this.number = number;
            thread = NativeThread.start(WAIT, word);
        }

        /** Lets {@code thread} end. Allocates, too. */
        void letEnd() {
            word.set(ValueLayout.JAVA_INT, 0, 1);
            Futex.ofShared(word).wakeAll();
        }

        /** Nothing fails any more: everything can be ended, and all futures are completed. */
        void end() throws Exception {
            letEnd();
            within(() -> {
                thread.close();
                NativeThread other = started;
                if (other != null) {
                    other.close();
                }
                if (likeC && Linen.threadJoin(C_HANDLE.get(ValueLayout.ADDRESS, 0), C_RESULT) != 0) {
                    throw new AssertionError("can't join");
                }
                NativeThread.start(IDENTITY, 1).close();
            });
            CompletableFuture<Long> end = future;
            if (end != null) {
                end.get(5, TimeUnit.MINUTES);
            }
            Arena owned = arena;
            if (owned != null) {
                await("the arena is closed", () -> {
                    Garbage.collect(); // its thread may be forgotten
                    return !owned.scope().isAlive();
                });
            }
        }
    }

    private static void within(Runnable task) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                task.run();
            } catch (Throwable failed) {
                failure.set(failed);
            }
        });
        thread.join(30_000);
        if (thread.isAlive()) {
            AssertionError hangs = new AssertionError("hangs");
            hangs.setStackTrace(thread.getStackTrace());
            throw hangs;
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("it isn't so that " + what);
            }
            Thread.sleep(1);
        }
    }

    static final class Sweep {

        private static boolean andAllThatFollow;
        private static boolean ofHelpers;
        private static int failed;

        public static void main(String... arguments) throws Exception {
            andAllThatFollow = arguments[0].equals("all");
            ofHelpers = arguments[1].equals("helpers");
            int most = Integer.parseInt(arguments[2]);
            List<String> report = new ArrayList<>();
            for (Operation each : Operation.values()) {
                for (int i = 0; i < 3; i++) {
                    once(each, 0); // classes are loaded, call sites linked
                }
            }
            for (Operation each : Operation.values()) {
                int those = 0;
                int misses = 0;
                // Helpers may begin later than this waits.
                for (int allocation = 1; misses < (ofHelpers ? 5 : 1) && allocation <= most; allocation++) {
                    if (once(each, allocation)) {
                        those++;
                        misses = 0;
                    } else {
                        misses++;
                    }
                }
                report.add(each + " " + those);
                failed += those;
                await(each + " leaves no memory behind", () -> {
                    Garbage.collect(); // threads may be forgotten
                    StackPool.shared().trim();
                    return KeptMemory.ranges().isEmpty();
                });
            }
            System.err.println("errors: " + failed + " " + report);
            System.out.print(failed == 0 ? "no allocation failed" : "nothing is lost");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }

        /** Returns whether there was such an allocation. */
        private static boolean once(Operation operation, long allocation) throws Exception {
            Case its = new Case(allocation);
            if (operation == Operation.TRIM) {
                NativeThread.start(IDENTITY, 1).close();
            }
            Throwable error;
            FailingAllocations.arm(allocation, andAllThatFollow && allocation > 0, ofHelpers);
            try {
                operation.run(its);
                if (ofHelpers) {
                    its.letEnd();
                    Thread.sleep(10); // their work begins
                }
            } catch (OutOfMemoryError expected) {
                // what matters is what is left
            } finally {
                error = FailingAllocations.disarm();
            }
            try {
                its.end();
            } catch (Exception | AssertionError wrong) {
                if (error != null) {
                    wrong.addSuppressed(error);
                }
                throw new AssertionError(operation + " at allocation " + allocation, wrong);
            }
            return error != null;
        }
    }

    @ParameterizedTest
    @CsvSource({"one, caller", "all, caller", "one, helpers"})
    void anyOperation_anAllocationFails_losesNothing(String which, String whose, @TempDir Path directory,
            TestReporter reporter) {
        sweep(FailingAllocations.child(Sweep.class, directory), which, whose, whose.equals("caller") ? 5000 : 30,
                reporter);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+TieredCompilation"})
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void anyOperation_eachAllocationFails_losesNothing(String mode, @TempDir Path directory, TestReporter reporter) {
        for (String which : List.of("one", "all")) {
            for (String whose : List.of("caller", "helpers")) {
                sweep(FailingAllocations.child(Sweep.class, directory).flags(mode).timeout(Duration.ofMinutes(20)),
                        which, whose, 5000, reporter);
            }
        }
    }

    private static void sweep(ChildJvm child, String which, String whose, int most, TestReporter reporter) {
        Skip.unlessKillWorks();
        ChildJvm.Result result = child.run(which, whose, String.valueOf(most));
        assertEquals("nothing is lost", result.out(), result::toString);
        result.err().lines().filter(line -> line.startsWith("errors: ")).forEach(reporter::publishEntry);
    }
}
