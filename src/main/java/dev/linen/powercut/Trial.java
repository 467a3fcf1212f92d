package dev.linen.powercut;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import dev.linen.powercut.Run.Ack;

/** Tries a store's recovery on crash states: makes each different one in a folder, and calls the recovery. */
final class Trial {

    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** In memory: a file there costs a tenth of one on a disk. */
    private static final Path MEMORY = Path.of("/dev/shm");

    private final Run run;
    private final Settings settings;
    private final Check check;
    private final Durability durability;
    private final CrashStates states;
    private final List<Finding> failing = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private long done;
    private int tried;
    private long nextProgress = System.nanoTime() + PROGRESS_NANOS;

    /** Recovers the store in a folder, and compares it with what was acknowledged. */
    interface Check {

        void check(Path copy, Object acked, Object next) throws Exception;
    }

    Trial(Run run, Settings settings, Check check) {
        this.run = run;
        this.settings = settings;
        this.check = check;
        durability = Durability.of(run.steps(), settings.model());
        states = new CrashStates(run, settings.model(), durability);
    }

    PowerCutReport run() {
        Path folder = createFolder();
        Thread atExit = new Thread(() -> remove(folder)); // it may be in memory, and stay there after Ctrl-C
        try {
            Runtime.getRuntime().addShutdownHook(atExit);
            long total = states.count();
            long chosen = Math.min(total, settings.most());
            Disk disk = new Disk(run, durability);
            states.forEach(total, settings.most(), settings.seed(), state -> {
                progress(chosen);
                done++;
                Tree tree = disk.tree(state);
                int acked = run.acked(state.cut());
                // The same files count again if more is acknowledged.
                if (acked >= 0 && seen.add(acked + " " + Scratch.digest(tree))) {
                    tried++;
                    Finding finding = check(folder, state, tree);
                    if (finding != null) {
                        failing.add(finding);
                    }
                }
            });
            return report(folder, total);
        } finally {
            remove(folder);
            forget(atExit);
        }
    }

    private static void forget(Thread atExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException exiting) {
            // it runs already
        }
    }

    private PowerCutReport report(Path folder, long total) {
        boolean chosen = total > settings.most();
        ReportText text = new ReportText(run, durability, settings, tried, failing.size(), chosen ? total : 0);
        if (failing.isEmpty()) {
            return new PowerCutReport(settings.model(), tried, 0, text.passed(), null);
        }
        Finding smallest = smaller(folder, Collections.min(failing, Finding.SMALLEST));
        Tree tree = new Disk(run, durability).tree(smallest.state());
        Path kept = Kept.save(settings.keepUnder(), text, smallest, failing, tree);
        return new PowerCutReport(settings.model(), tried, failing.size(), text.failed(smallest, kept), kept);
    }

    /** Puts missing changes back, one after the other, as long as recovery still fails. */
    private Finding smaller(Path folder, Finding first) {
        Finding smallest = first;
        Disk disk = new Disk(run, durability);
        for (int change : first.state().missing().stream().toArray()) {
            BitSet missing = (BitSet) smallest.state().missing().clone();
            missing.clear(change);
            boolean possible = missing.stream().noneMatch(other -> states.needs(change, other));
            if (possible && smallest.state().size() > 1) {
                CrashState state = new CrashState(first.state().cut(), missing, first.state().damaged(),
                        first.state().damage());
                Finding found = check(folder, state, disk.tree(state));
                smallest = found == null ? smallest : found;
            }
        }
        return smallest;
    }

    private @Nullable Finding check(Path folder, CrashState state, Tree tree) {
        try {
            Scratch.fill(folder, tree);
        } catch (IOException full) {
            throw new UncheckedIOException("can't write a state to " + folder, full);
        }
        int acked = run.acked(state.cut());
        List<Ack> acks = run.acks();
        try {
            check.check(folder, acks.get(acked).value(), acks.get(Math.min(acked + 1, acks.size() - 1)).value());
            return null;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in a recovery", interrupted);
        } catch (Throwable failure) { // a length that is wrong on the disk is an OutOfMemoryError
            return new Finding(state, acked, Finding.lines(failure));
        }
    }

    private void progress(long chosen) {
        long now = System.nanoTime();
        if (now - nextProgress >= 0) {
            nextProgress = now + PROGRESS_NANOS;
            settings.progress().accept(String.format("power cut, %s: %,d of %,d states, %,d of %,d different ones fail",
                    settings.model(), done, chosen, failing.size(), tried));
        }
    }

    private static Path createFolder() {
        try {
            return Files.isWritable(MEMORY)
                    ? Files.createTempDirectory(MEMORY, "power-cut-")
                    : Files.createTempDirectory("power-cut-");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }

    /** A store that is still open may still write there. */
    private static void remove(Path folder) {
        try {
            Scratch.empty(folder);
            Files.delete(folder);
        } catch (IOException stillUsed) {
            deleteOnExit(folder);
        }
    }

    private static void deleteOnExit(Path folder) {
        try {
            folder.toFile().deleteOnExit();
        } catch (IllegalStateException exiting) {
            // the recovery that writes there goes on to the end
        }
    }
}
