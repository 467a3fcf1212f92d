package dev.linen.powercut;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;

import dev.linen.powercut.Step.Change;
import dev.linen.powercut.Step.Sync;
import dev.linen.powercut.Step.Write;

/** From when on each change of a run is durable, under a model. */
final class Durability {

    /** The change never becomes durable. */
    static final int NEVER = Integer.MAX_VALUE;

    /** For each step, after how many steps it is durable. */
    private final int[] durable;

    /** Whether a failed sync made the kernel forget that the write isn't on the disk. */
    private final boolean[] forgotten;

    /** Those that are durable, or never will be. */
    private final BitSet decided = new BitSet();

    private Durability(int steps) {
        durable = new int[steps];
        forgotten = new boolean[steps];
        Arrays.fill(durable, NEVER);
    }

    static Durability of(List<Step> steps, DiskModel model) {
        Durability result = new Durability(steps.size());
        BitSet pending = new BitSet();
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Sync sync) {
                result.sync(sync, i + 1, pending, steps, model);
                pending.andNot(result.decided);
            } else if (model.isDurableAtOnce((Change) steps.get(i))) {
                result.durable[i] = i + 1;
            } else {
                pending.set(i);
            }
        }
        return result;
    }

    private void sync(Sync sync, int after, BitSet pending, List<Step> steps, DiskModel model) {
        List<Change> changes = pending.stream().mapToObj(index -> (Change) steps.get(index)).toList();
        Predicate<Change> committed = sync.failed() ? change -> false : model.committed(sync, changes);
        pending.stream().forEach(index -> {
            Change change = (Change) steps.get(index);
            if (committed.test(change)) {
                decide(index, after);
                decide(Steps.exchangedWith(index, steps), after);
            } else if (sync.failed() && change instanceof Write && change.file().equals(sync.file())) {
                forgotten[index] = true;
                decided.set(index);
            }
        });
    }

    private void decide(int index, int after) {
        durable[index] = after;
        decided.set(index);
    }

    boolean isDurable(int change, int cut) {
        return durable[change] <= cut;
    }

    /** Returns after how many steps a change is durable. */
    int durableAfter(int change) {
        return durable[change];
    }

    boolean isForgotten(int change) {
        return forgotten[change];
    }
}
