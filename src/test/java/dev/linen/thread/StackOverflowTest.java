package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.registry.KeptMemory;
import dev.linen.junit.ChildJvm;
import dev.linen.memory.Mapping;
import dev.linen.testing.Faults;
import dev.linen.testing.Garbage;
import dev.linen.testing.Skip;
import dev.linen.thread.NativeThread.Kind;

/** A StackOverflowError at any depth inside linen leaves nothing locked, counted or lost. */
class StackOverflowTest {

    /** What is done at each of the last frames of a Java stack, on the way back from its end. */
    enum Operation {
        START {
            @Override
            void run(NativeThread thread) {
                NativeThread.start(IDENTITY, 1).close();
            }
        },
        START_POSIX {
            @Override
            void run(NativeThread thread) {
                NativeThread.builder().kind(Kind.POSIX).start(IDENTITY, 1).close();
            }
        },
        STATE {
            @Override
            void run(NativeThread thread) {
                thread.state();
            }
        },
        JOIN {
            @Override
            void run(NativeThread thread) throws InterruptedException {
                thread.join();
            }
        },
        ON_EXIT {
            @Override
            void run(NativeThread thread) {
                thread.onExit();
            }
        },
        CLOSE {
            @Override
            void run(NativeThread thread) {
                thread.close();
            }
        },
        DETACH {
            @Override
            void run(NativeThread thread) {
                thread.detach();
            }
        },
        KILL {
            @Override
            void run(NativeThread thread) {
                thread.kill();
            }
        },
        MAPPING {
            @Override
            void run(NativeThread thread) {
                Mapping.anonymous(1 << 16).close();
            }
        };

        abstract void run(NativeThread thread) throws InterruptedException;
    }

    private static final NativeFunction IDENTITY = function("identity");

    static final class Sweep {
        private static final int FRAMES = 150;

        private static Operation operation = Operation.START;
        /** An array: a StackOverflowError inside a collection would leave it broken. */
        private static final NativeThread[] PREPARED = new NativeThread[FRAMES];
        private static int caught;
        private static int left;

        private static void dig() {
            try {
                dig();
            } catch (StackOverflowError bottom) {
                // from here on, upwards
            }
            if (left > 0) {
                left--;
                attempt();
            }
        }

        private static void attempt() {
            try {
                operation.run(PREPARED[left]);
            } catch (StackOverflowError noRoom) {
                caught++;
            } catch (IllegalStateException | InterruptedException refused) {
                throw new AssertionError(refused);
            }
        }

        public static void main(String... arguments) throws Exception {
            int rounds = Integer.parseInt(arguments[0]);
            // A class whose initializer is hit by a StackOverflowError is unusable for ever, the JDK's too.
            for (Operation each : Operation.values()) {
                each.run(NativeThread.start(IDENTITY, 1));
            }
            for (Operation each : Operation.values()) {
                operation = each;
                for (int round = 0; round < rounds; round++) {
                    for (int i = 0; i < FRAMES; i++) {
                        PREPARED[i] = NativeThread.start(IDENTITY, i);
                    }
                    left = FRAMES;
                    Thread digger = new Thread(null, Sweep::dig, "digger", (256 << 10) + 1040L * round);
                    digger.start();
                    digger.join();
                    if (left > 0) {
                        throw new AssertionError(each + ": the sweep ended " + left + " frames early");
                    }
                    Arrays.fill(PREPARED, null); // forgotten
                    Thread innocent = Thread.ofPlatform().daemon().start(() -> {
                        try (NativeThread thread = NativeThread.start(IDENTITY, 1)) {
                            thread.onExit().join();
                        }
                    });
                    innocent.join(30_000);
                    if (innocent.isAlive()) {
                        throw new AssertionError(each + ": a start hangs");
                    }
                }
            }
            // All threads are forgotten, detached or closed: their stacks come back, and none is lost.
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
            while (!KeptMemory.ranges().isEmpty() && System.nanoTime() < deadline) {
                Garbage.collect();
                StackPool.shared().trim();
            }
            System.out.print(KeptMemory.ranges().isEmpty() ? "nothing is lost" : KeptMemory.ranges());
            System.out.print(caught > 100 ? "" : ", only " + caught + " errors");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    static final class FirstUse {

        private static int frames;

        private static void dig() {
            try {
                dig();
            } catch (StackOverflowError bottom) {
                // from here on, upwards
            }
            if (frames-- == 0) {
                try {
                    all();
                } catch (StackOverflowError | InterruptedException noRoom) {
                    // what matters is what works afterwards
                }
            }
        }

        private static void all() throws InterruptedException {
            NativeThread thread = NativeThread.start(IDENTITY, 1);
            thread.onExit().join();
            thread.join();
            thread.close();
        }

        public static void main(String... arguments) throws Exception {
            frames = Integer.parseInt(arguments[0]);
            IDENTITY.address(); // loads the library with enough room
            Thread digger = new Thread(null, FirstUse::dig, "digger", 512 << 10);
            digger.start();
            digger.join();
            all();
            System.out.print("works");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    /** What has classes of its own, which are initialized by its first use. */
    enum Feature {
        POSIX {
            @Override
            void use(NativeThread thread) {
                NativeThread.builder().kind(Kind.POSIX).start(IDENTITY, 1).close();
            }
        },
        KILL {
            @Override
            void use(NativeThread thread) {
                thread.kill();
            }
        };

        abstract void use(NativeThread thread);
    }

    /** A feature is first used near the end of the stack, when all else is initialized. */
    static final class FirstUseOfAFeature {

        private static boolean used;
        private static int caught;

        /** From the end of the stack upwards, until it succeeds. */
        private static void dig(Feature feature, NativeThread thread) {
            try {
                dig(feature, thread);
            } catch (StackOverflowError bottom) {
                // from here on, upwards
            }
            if (!used) {
                try {
                    feature.use(thread);
                    used = true;
                } catch (StackOverflowError noRoom) {
                    caught++;
                }
            }
        }

        private static NativeThread start(Feature feature) {
            return switch (feature) {
                case KILL -> NativeThread.start(Faults.faulty("loop"), 0);
                case POSIX -> NativeThread.start(IDENTITY, 1);
            };
        }

        public static void main(String... arguments) throws Exception {
            Feature feature = Feature.valueOf(arguments[0]);
            NativeThread nearTheEnd = start(feature);
            NativeThread afterwards = start(feature);
            ExitWatcher.initialize(); // what the first check does a moment after the first start
            ThreadExit.initialize();
            FaultLog.initialize();
            StackRoom.setInitialized();
            Thread digger = new Thread(null, () -> dig(feature, nearTheEnd), "digger", 512 << 10);
            digger.start();
            digger.join();
            feature.use(afterwards);
            System.out.print(used && caught > 10 ? "works" : "used " + used + ", caught " + caught);
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @ParameterizedTest
    @EnumSource(Feature.class)
    void firstUseOfAFeature_nearTheEndOfTheStack_leavesItsClassesUsable(Feature feature) {
        if (feature == Feature.KILL) {
            Skip.unlessKillWorks();
        }
        ChildJvm.Result result = ChildJvm.of(FirstUseOfAFeature.class).flags("-XX:TieredStopAtLevel=1")
                .run(feature.name());
        assertEquals("works", result.out(), result::toString);
    }

    /** Each depth needs a JVM of its own. At each of these, NativeThreadBuilder was once unusable afterwards. */
    @ParameterizedTest
    @ValueSource(ints = {228, 236, 244, 254, 264, 372, 376, 380})
    void firstUse_nearTheEndOfTheStack_leavesAllClassesUsable(int frames) {
        assertWorksAfterFirstUse(frames);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void firstUse_atManyDepths_leavesAllClassesUsable() {
        for (int frames = 0; frames < 800; frames += 2) {
            assertWorksAfterFirstUse(frames);
        }
    }

    private static void assertWorksAfterFirstUse(int frames) {
        ChildJvm.Result result = ChildJvm.of(FirstUse.class).flags("-XX:TieredStopAtLevel=1")
                .run(String.valueOf(frames));
        assertEquals("works", result.out(), result::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+TieredCompilation"})
    void anyOperation_nearTheEndOfTheStack_losesNothing(String mode) {
        Skip.unlessKillWorks();
        ChildJvm.Result result = ChildJvm.of(Sweep.class).flags(mode).run("2");
        assertEquals("nothing is lost", result.out(), result::toString);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void anyOperation_manyTimes_losesNothing() {
        Skip.unlessKillWorks();
        for (String mode : new String[]{"-Xint", "-XX:TieredStopAtLevel=1", "-XX:+TieredCompilation"}) {
            ChildJvm.Result result = ChildJvm.of(Sweep.class).flags(mode).run("60");
            assertEquals("nothing is lost", result.out(), result::toString);
        }
    }
}
