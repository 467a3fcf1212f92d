package dev.linen.powercut;

import java.nio.file.Path;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/** The result of trying a store's recovery on the states that power cuts can leave. */
public final class PowerCutReport {

    private final DiskModel model;
    private final int states;
    private final int failing;
    private final String text;
    private final @Nullable Path kept;

    PowerCutReport(DiskModel model, int states, int failing, String text, @Nullable Path kept) {
        this.model = model;
        this.states = states;
        this.failing = failing;
        this.text = text;
        this.kept = kept;
    }

    /**
     * Returns the model under which the states were computed.
     *
     * @return the model
     */
    public DiskModel model() {
        return model;
    }

    /**
     * Returns how many states were tried: those that differ in their files or in what was acknowledged.
     *
     * @return the number of states
     */
    public int states() {
        return states;
    }

    /**
     * Returns on how many of them recovery failed.
     *
     * @return the number of failing states
     */
    public int failing() {
        return failing;
    }

    /**
     * Returns where the smallest failing state is kept, with a README.
     *
     * @return the folder; empty if no state failed
     */
    public Optional<Path> kept() {
        return Optional.ofNullable(kept);
    }

    /**
     * Returns the report: how many states failed, and in the smallest of them which call's effect is missing.
     *
     * @return some lines
     */
    @Override
    public String toString() {
        return text;
    }
}
