package dev.linen.inject;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

import dev.linen.inject.RuleSlot.Content;
import dev.linen.internal.linux.LinenH;

/** A rule in force: how often it matched and acted, until it is closed, or its {@link Faults} are. */
public final class Fault implements AutoCloseable {

    private final String text;
    private final RuleSlot slot;
    private final @Nullable LogReader reader; // of a rule that forbids
    private final List<Operation> forbidden = new ArrayList<>(); // guarded by this
    private boolean closed; // guarded by this

    private Fault(Supervisor supervisor, Content content, String text) {
        this.text = text;
        slot = RuleSlot.take(supervisor, content);
        boolean opened = false;
        try {
            reader = content.action() == LinenH.LINEN_ACTION_FORBID ? LogReader.open(supervisor, true) : null;
            opened = true;
        } finally {
            if (!opened) {
                slot.close();
            }
        }
    }

    /** Makes a rule that isn't in force yet, so that whoever is to end it can store it before. */
    static Fault of(Content content, String text) {
        return new Fault(Supervisor.get(), content, text);
    }

    /** Puts it into force, unless it was closed. */
    void enable() {
        slot.enable();
    }

    /**
     * Returns how many calls this rule was about, whether or not it acted on them.
     *
     * @return the number of calls so far
     */
    public long matched() {
        return slot.matched();
    }

    /**
     * Returns on how many calls this rule acted.
     *
     * @return the number of calls so far that failed, were delayed, ...
     */
    public long fired() {
        return slot.fired();
    }

    /**
     * Checks that the rule has acted: a test of a failure that never happened shows nothing.
     *
     * @throws AssertionError if it hasn't; the message says how many calls matched
     */
    public void requireFired() {
        if (fired() == 0) {
            throw new AssertionError("this rule never acted: " + this);
        }
    }

    /** Returns the calls that this rule has forbidden so far. */
    synchronized List<Operation> forbidden() {
        read();
        return List.copyOf(forbidden);
    }

    private void read() {
        if (reader != null && !closed) {
            reader.read(slot.bit(), LogReader.ANY_DEVICE, forbidden);
        }
    }

    /** Puts the rule out of force; its counts can still be read. Does nothing if it is out of force already. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        slot.withdraw();
        try {
            read();
        } finally {
            slot.close();
            closed = true;
            if (reader != null) {
                reader.close();
            }
        }
    }

    /**
     * Returns the rule as text.
     *
     * @return such as {@code SYNC under /tmp/x, call 3: EIO (matched 2 calls, acted on 0)}
     */
    @Override
    public String toString() {
        return text + " (matched " + matched() + " calls, acted on " + fired() + ")";
    }
}
