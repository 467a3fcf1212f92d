package dev.linen.powercut;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

import dev.linen.powercut.CrashState.Damage;
import dev.linen.powercut.Step.Change;
import dev.linen.powercut.Step.Entries;
import dev.linen.powercut.Step.Write;

/**
 * The states in which a power cut can leave the folder, after each call:
 *
 * <ul>
 * <li>everything is on the disk, as after {@code kill -9};
 * <li>only what was synced;
 * <li>all but one of the unsynced changes; only one of them;
 * <li>a write is there by half, as zeros, or stale behind its header.
 * </ul>
 *
 * <p>Within a series of writes only the last one is damaged, and none is missing: what is missing is enumerated at the
 * end of the series, and where something was acknowledged.
 */
final class CrashStates {

    private static final Damage[] DAMAGES = {Damage.HALF, Damage.ZEROS, Damage.STALE};

    private final Run run;
    private final DiskModel model;
    private final Durability durability;

    CrashStates(Run run, DiskModel model, Durability durability) {
        this.run = run;
        this.model = model;
        this.durability = durability;
    }

    long count() {
        long[] count = {0};
        forEachCut(cut -> count[0] += cut.count());
        return count[0];
    }

    /**
     * Passes the states, in the order of the cuts.
     *
     * @param total their count
     * @param most how many are passed at most; if there are more, as many are chosen at random
     * @param seed the seed of the choice
     */
    void forEach(long total, long most, long seed, Consumer<CrashState> action) {
        Random random = new Random(seed);
        long[] left = {total, Math.min(total, most)}; // to choose from, and to choose
        forEachCut(cut -> {
            for (int i = 0; i < cut.count(); i++) {
                boolean chosen = left[1] == left[0] || random.nextLong(left[0]) < left[1];
                left[0]--;
                if (chosen) {
                    left[1]--;
                    action.accept(cut.state(i));
                }
            }
        });
    }

    private void forEachCut(Consumer<Cut> action) {
        List<Integer> pending = new ArrayList<>();
        for (int steps = 0; steps <= run.steps().size(); steps++) {
            int cut = steps;
            if (cut > 0 && run.steps().get(cut - 1) instanceof Change) {
                pending.add(cut - 1);
            }
            pending.removeIf(change -> durability.isDurable(change, cut));
            if (run.isCut(cut)) {
                action.accept(new Cut(cut, pending));
            }
        }
    }

    /** The states after that many steps. */
    private final class Cut {

        private final int steps;
        private final List<Integer> pending;

        /** Those changes of which one is missing, or the only one of the pending ones. */
        private final List<Integer> varied;
        private final List<Integer> damaged;

        Cut(int steps, List<Integer> pending) {
            this.steps = steps;
            this.pending = pending;
            varied = endsSeries() ? pending : List.of();
            damaged = (endsSeries() ? pending : pending.subList(Math.max(pending.size() - 1, 0), pending.size()))
                    .stream().filter(this::canBeDamaged).toList();
        }

        /** Returns whether the next step isn't a write, or something was acknowledged here. */
        private boolean endsSeries() {
            return steps == run.steps().size() || !(run.steps().get(steps) instanceof Write)
                    || run.isAcknowledged(steps);
        }

        private boolean canBeDamaged(int change) {
            return run.change(change) instanceof Write write && write.bytes().remaining() > 1;
        }

        int count() {
            return pending.isEmpty() ? 1 : 2 + 2 * varied.size() + DAMAGES.length * damaged.size();
        }

        CrashState state(int index) {
            if (index == 0) {
                return new CrashState(steps, new BitSet(), CrashState.NONE, Damage.NONE);
            }
            if (index == 1) {
                return without(all());
            }
            int rest = index - 2;
            if (rest < varied.size()) {
                return without(withDependents(varied.get(rest)));
            }
            rest -= varied.size();
            if (rest < varied.size()) {
                BitSet missing = all();
                missing.andNot(withNeeds(varied.get(rest)));
                return without(missing);
            }
            rest -= varied.size();
            return new CrashState(steps, new BitSet(), damaged.get(rest / DAMAGES.length),
                    DAMAGES[rest % DAMAGES.length]);
        }

        private CrashState without(BitSet missing) {
            return new CrashState(steps, missing, CrashState.NONE, Damage.NONE);
        }

        private BitSet all() {
            BitSet all = new BitSet();
            pending.forEach(all::set);
            return all;
        }

        /** A change, and the pending ones that can't be on the disk without it. */
        private BitSet withDependents(int first) {
            BitSet result = new BitSet();
            set(first, result);
            for (int later : pending) {
                if (result.stream().anyMatch(earlier -> needs(later, earlier))) {
                    set(later, result);
                }
            }
            return result;
        }

        /** A change, and the other half of an exchange: the two have the same neighbours, since they are one call. */
        private void set(int change, BitSet changes) {
            changes.set(change);
            changes.set(Steps.exchangedWith(change, run.steps()));
        }

        /** A change, and the pending ones without which it can't be on the disk. */
        private BitSet withNeeds(int last) {
            BitSet result = new BitSet();
            set(last, result);
            for (int i = pending.size() - 1; i >= 0; i--) {
                int earlier = pending.get(i);
                if (result.stream().anyMatch(later -> needs(later, earlier))) {
                    set(earlier, result);
                }
            }
            return result;
        }
    }

    /**
     * Returns whether a change can't be on the disk without another: by the model, or because no file system loses a
     * file by moving it to another directory: its old name isn't removed before its new one is there. Two files that
     * are exchanged have both their new names or none.
     */
    boolean needs(int later, int earlier) {
        return later > earlier
                ? isSameMove(run.change(later), run.change(earlier))
                        || model.needs(run.change(later), run.change(earlier))
                : later < earlier && Steps.exchangedWith(later, run.steps()) == earlier;
    }

    private static boolean isSameMove(Change later, Change earlier) {
        return later.call() == earlier.call() && later instanceof Entries && earlier instanceof Entries;
    }
}
