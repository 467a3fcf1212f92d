package dev.linen.powercut;

import java.nio.file.Path;
import java.util.List;

import dev.linen.inject.Operation;
import dev.linen.powercut.Step.Change;

/**
 * A recorded run of a store.
 *
 * @param folder the folder, as a real path
 * @param start what was in it before, and without a name what was created later
 * @param operations the recorded calls, in order
 * @param steps what they did, in order
 * @param acks what was acknowledged, in order
 * @param unseen what may be missing in this run, as sentences
 */
record Run(Path folder, Tree start, List<Operation> operations, List<Step> steps, List<Ack> acks,
        List<String> unseen) {

    /**
     * Something that the store has acknowledged.
     *
     * @param operations the number of operations that came before it
     * @param value what the store must still have from then on
     */
    record Ack(int operations, Object value) {}

    /** Returns the index of the last acknowledgement before a power cut; -1 if there was none. */
    int acked(int cut) {
        int last = -1;
        while (last + 1 < acks.size() && isBefore(acks.get(last + 1), cut)) {
            last++;
        }
        return last;
    }

    /** Returns whether something was acknowledged after the call before this cut, and before the next step. */
    boolean isAcknowledged(int cut) {
        int last = acked(cut);
        return last >= 0 && cut > 0 && !isBefore(acks.get(last), cut - 1);
    }

    private boolean isBefore(Ack ack, int cut) {
        return cut == steps.size() || ack.operations() <= steps.get(cut).call();
    }

    /**
     * Returns whether a power cut is possible after that many steps: at the end of each call, and between a write and
     * the sync that belongs to the same call. Other calls of several steps are atomic for a process that is killed.
     */
    boolean isCut(int cut) {
        return cut == 0 || cut == steps.size() || steps.get(cut - 1).call() != steps.get(cut).call()
                || steps.get(cut) instanceof Step.Sync;
    }

    Operation operation(int step) {
        return operations.get(steps.get(step).call());
    }

    Change change(int step) {
        return (Change) steps.get(step);
    }
}
