package dev.linen.powercut;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

import dev.linen.inject.Operation;
import dev.linen.inject.Recording;

/**
 * A test of a store against power cuts. The store runs once, recorded. From its calls every state is computed in which
 * a power cut could have left the folder, and the store's own recovery is tried on each, in this JVM.
 *
 * <pre>{@code
 * PowerCut.record(dir, acks -> {
 *     try (Store s = Store.open(dir)) {
 *         acks.now(s.copyOfMap());
 *         for (int i = 0; i < 20; i++) { s.put("k" + i % 5, "v" + i); acks.now(s.copyOfMap()); }
 *     }
 * }).model(DiskModel.POSIX).verify((copy, acked, next) -> {
 *     try (Store s = Store.open(copy)) { assertThat(s.copyOfMap()).isIn(acked, next); }
 * });
 * }</pre>
 *
 * <p>For tests only: what records is a seccomp filter that stays until the JVM ends.
 *
 * @param <T> what is acknowledged
 */
public final class PowerCut<T> {

    private final Run run;
    private Settings settings = Settings.defaults();

    private PowerCut(Run run) {
        this.run = run;
    }

    /**
     * What is recorded.
     *
     * @param <T> what is acknowledged
     */
    @FunctionalInterface
    public interface Workload<T> {

        /**
         * Uses the store, and says what it has acknowledged.
         *
         * @param acks takes down what was acknowledged
         * @throws Exception if the store fails; then the record can't be used
         */
        void run(Acks<T> acks) throws Exception;
    }

    /**
     * Recovers the store after a power cut.
     *
     * @param <T> what is acknowledged
     */
    @FunctionalInterface
    public interface Recovery<T> {

        /**
         * Opens the store, and throws anything if it fails, or lacks what was acknowledged. It must close the store
         * again.
         *
         * @param copy the folder after the power cut
         * @param acked what was acknowledged last before the power cut
         * @param next what would have been acknowledged next, which the store may have, too; the same as {@code acked}
         *        after the last acknowledgement
         * @throws Exception if recovery fails
         */
        void check(Path copy, T acked, T next) throws Exception;
    }

    /**
     * Runs a store and records its calls.
     *
     * @param folder an existing folder with all files of the store; what is in it already is durable
     * @param workload runs the store
     * @param <T> what is acknowledged
     * @return the recorded run
     * @throws IllegalArgumentException if there is no such folder
     * @throws IllegalStateException if nothing was recorded or acknowledged, or the workload failed with a checked
     *         exception
     */
    public static <T> PowerCut<T> record(Path folder, Workload<T> workload) {
        try (Recording recording = Recording.withStacksUnder(folder)) {
            Tree start = Tree.read(recording.folder());
            Acks<T> acks = new Acks<>(recording::position);
            workload.run(acks);
            recording.stop();
            return of(recording.folder(), start, recording.operations(), acks);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (RuntimeException failed) {
            throw failed;
        } catch (Exception failed) {
            throw new IllegalStateException("the recorded run failed", failed);
        }
    }

    static <T> PowerCut<T> of(Path folder, Tree start, List<Operation> operations, Acks<T> acks) {
        return of(Steps.of(folder, start, operations, acks.all()));
    }

    static <T> PowerCut<T> of(Run run) {
        if (run.steps().isEmpty()) {
            throw new IllegalStateException("no change was recorded: does the store write to " + run.folder() + "?");
        }
        if (run.acks().isEmpty()) {
            throw new IllegalStateException("nothing was acknowledged: call acks.now(...) whenever the store promises "
                    + "durability, and once before the first change");
        }
        return new PowerCut<>(run);
    }

    /**
     * Chooses the model of the file system. The default is {@link DiskModel#POSIX}.
     *
     * @param model one of {@link DiskModel}, or your own
     * @return this
     */
    public PowerCut<T> model(DiskModel model) {
        settings = settings.withModel(model);
        return this;
    }

    /**
     * Bounds a long run. If there are more states, some are chosen at random. The default is 10,000.
     *
     * @param states how many states are made at most
     * @return this
     * @throws IllegalArgumentException if it isn't positive
     */
    public PowerCut<T> atMost(long states) {
        if (states <= 0) {
            throw new IllegalArgumentException("at least one state must be tried, not " + states);
        }
        settings = settings.withMost(states);
        return this;
    }

    /**
     * Sets the seed with which states are chosen if there are more than {@link #atMost}. The default is 1: each run
     * tries the same ones.
     *
     * @param seed any number; the report repeats it
     * @return this
     */
    public PowerCut<T> seed(long seed) {
        settings = settings.withSeed(seed);
        return this;
    }

    /**
     * Sets where the smallest failing state is kept: in the first free number under this folder. The default is
     * {@code target/power-cut}, or {@code build/power-cut} with Gradle.
     *
     * @param folder a folder; it is created
     * @return this
     */
    public PowerCut<T> keepUnder(Path folder) {
        settings = settings.withKeepUnder(folder);
        return this;
    }

    /**
     * Sets what gets a line of progress every five seconds. By default it is printed to stderr.
     *
     * @param progress gets the lines
     * @return this
     */
    public PowerCut<T> progress(Consumer<String> progress) {
        settings = settings.withProgress(progress);
        return this;
    }

    /**
     * Tries recovery on the states.
     *
     * @param recovery recovers the store
     * @return the result
     * @throws AssertionError with the report, if recovery fails on a state
     */
    public PowerCutReport verify(Recovery<T> recovery) {
        PowerCutReport report = report(recovery);
        if (report.failing() > 0) {
            throw new AssertionError(report.toString());
        }
        return report;
    }

    /**
     * Tries recovery on the states, without throwing if it fails.
     *
     * @param recovery recovers the store
     * @return the result
     */
    @SuppressWarnings("unchecked") // only Acks<T> adds values
    public PowerCutReport report(Recovery<T> recovery) {
        return new Trial(run, settings, (copy, acked, next) -> recovery.check(copy, (T) acked, (T) next)).run();
    }
}
