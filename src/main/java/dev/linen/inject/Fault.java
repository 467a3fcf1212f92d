package dev.linen.inject;

import java.util.ArrayList;
import java.util.List;

import dev.linen.inject.RuleSlot.Content;
import dev.linen.internal.linux.LinenH;

/** A rule in force: how often it matched and acted, until it is closed, or its {@link Faults} are. */
public final class Fault implements AutoCloseable {

    private final String text;
    private final boolean forbids;
    private final Supervisor supervisor;
    private final RuleSlot slot;
    private final LogReader reader;
    private final List<Operation> forbidden = new ArrayList<>(); // guarded by this
    private boolean closed; // guarded by this

    private Fault(Supervisor supervisor, Content content, String text) {
        this.supervisor = supervisor;
        this.text = text;
        forbids = content.action() == LinenH.LINEN_ACTION_FORBID;
        JavaStacks stacks = JavaStacks.of(supervisor);
        long from = 0;
        if (forbids) {
            stacks.begin();
            from = supervisor.openLog();
        }
        try {
            slot = RuleSlot.enable(supervisor, content);
        } catch (RuntimeException | Error noRoom) {
            end();
            throw noRoom;
        }
        reader = new LogReader(supervisor, slot.bit(), stacks, from);
    }

    static Fault enable(Content content, String text) {
        return new Fault(Supervisor.get(), content, text);
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
        if (forbids && !closed) {
            reader.read(forbidden);
        }
    }

    /** Puts the rule out of force; its counts can still be read. Does nothing if it is out of force already. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        slot.close();
        read();
        closed = true;
        end();
    }

    private void end() {
        if (forbids) {
            supervisor.closeLog();
            JavaStacks.of(supervisor).end();
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
