package dev.linen.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@link NoLeaks} names each random leak, and nothing else, and names nothing after random work that leaks nothing. Each
 * run prints its seed; {@code -Ddev.linen.test.seed=N} repeats one.
 */
class RandomLeaksTest {

    private static final int FEW = 60;
    private static final int MANY = 1_000;

    @Test
    void randomLeaks_beside60RandomActs_areNamedWithTheirSizes() {
        assertFound(FEW);
    }

    @Test
    void randomActs_60TimesWithoutALeak_blameNothing() {
        assertNotBlamed(FEW);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void randomLeaks_1000_areNamedWithTheirSizes() {
        assertFound(MANY);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void randomActs_1000TimesWithoutALeak_blameNothing() {
        assertNotBlamed(MANY);
    }

    private static void assertFound(int count) {
        long seed = seed();
        assertPasses(ChildJvm.of(() -> leak(seed, count)), seed);
    }

    private static void assertNotBlamed(int count) {
        long seed = seed();
        assertPasses(ChildJvm.of(() -> act(seed, count)), seed);
    }

    private static long seed() {
        return Long.getLong("dev.linen.test.seed", System.nanoTime());
    }

    /** In a JVM of its own, because what isn't found would affect other tests. */
    private static void assertPasses(ChildJvm child, long seed) {
        System.out.println("seed " + seed);
        ChildJvm.Result result = child.onClassPath().timeout(Duration.ofMinutes(30))
                .flags("--enable-native-access=ALL-UNNAMED", "-Xmx256m",
                        "-Djava.util.concurrent.ForkJoinPool.common.parallelism=8")
                .run();
        System.out.print(result.out());
        assertEquals(0, result.exitStatus(), () -> "seed " + seed + ": " + result);
    }

    static void leak(long seed, int count) throws Exception {
        Random random = new Random(seed);
        RandomLeaks leaks = new RandomLeaks(random);
        RandomNoise noise = new RandomNoise(random);
        List<Runnable> kept = new ArrayList<>();
        int wrong = 0;
        WarmUp.once();
        for (int i = 0; i < count; i++) {
            while (kept.size() > 10 || !kept.isEmpty() && random.nextInt(3) == 0) {
                kept.remove(random.nextInt(kept.size())).run();
            }
            ProcessSnapshot before = ProcessSnapshot.now();
            List<String> acts = new ArrayList<>(make(noise));
            RandomLeaks.Leak leak = next(leaks);
            acts.addAll(make(noise));
            Predicate<List<String>> missing = lines -> !lines.containsAll(leak.lines());
            List<String> lines = NoLeaksExtension.leaksSince(before, Long.MAX_VALUE,
                    missing.or(found -> found.size() == leak.lines().size()));
            if (!new HashSet<>(lines).equals(new HashSet<>(leak.lines()))) {
                System.out.println(i + ", " + leak.kind() + " beside " + acts + ": should be\n  "
                        + String.join("\n  ", leak.lines()) + "\nwas\n  " + String.join("\n  ", lines));
                wrong++;
            }
            kept.add(leak.end());
        }
        end(count + " leaks", wrong);
    }

    static void act(long seed, int count) throws Exception {
        RandomNoise noise = new RandomNoise(new Random(seed));
        int wrong = 0;
        WarmUp.once();
        for (int i = 0; i < count; i++) {
            ProcessSnapshot before = ProcessSnapshot.now();
            List<String> acts = make(noise);
            List<String> lines = NoLeaksExtension.leaksSince(before, Long.MAX_VALUE, List::isEmpty);
            if (!lines.isEmpty()) {
                System.out.println(i + ", after " + acts + "\n  " + String.join("\n  ", lines));
                wrong++;
            }
        }
        end(count + " times nothing", wrong);
    }

    private static void end(String what, int wrong) {
        System.out.println(what + ", " + wrong + " wrong");
        System.out.flush();
        Runtime.getRuntime().halt(wrong == 0 ? 0 : 1); // even if threads are still running
    }

    private static List<String> make(RandomNoise noise) throws Exception {
        try {
            return noise.make(4);
        } catch (Exception | Error failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static RandomLeaks.Leak next(RandomLeaks leaks) throws Exception {
        try {
            return leaks.next();
        } catch (Exception | Error failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
