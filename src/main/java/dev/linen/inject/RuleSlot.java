package dev.linen.inject;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_rule;

/** A rule in the memory that the supervisor reads. It is in force from {@link #enable} until it is closed. */
final class RuleSlot implements AutoCloseable {

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final int NONE = -1;

    private final Supervisor supervisor;
    private final Arena names = Arena.ofShared();
    private int index = NONE; // not changed after take()
    private boolean withdrawn; // guarded by this
    private boolean closed; // guarded by this
    private long matched; // guarded by this: after the end
    private long fired;

    private RuleSlot(Supervisor supervisor) {
        this.supervisor = supervisor;
    }

    /**
     * What a rule says; see {@code struct linen_rule}.
     *
     * @param folder a canonical path, or null for a rule of any place
     */
    record Content(long calls, int action, long argument, long first, long count, int thread, int descriptor, int where,
            @Nullable Path folder, @Nullable String glob, int record, boolean stack) {

        /** A rule that only records. */
        static Content recording(long calls, Path folder, boolean stack) {
            return new Content(calls, LinenH.LINEN_ACTION_NONE, 0, 1, 0, 0, -1, LinenH.LINEN_UNDER, folder, null,
                    LinenH.LINEN_RECORD_DATA, stack);
        }

        /** A rule that records what is written to a descriptor, whatever is open there. */
        static Content output(int descriptor) {
            return new Content(1L << LinenH.LINEN_CALL_WRITE | 1L << LinenH.LINEN_CALL_WRITEV, LinenH.LINEN_ACTION_NONE,
                    0, 1, 0, 0, descriptor, LinenH.LINEN_ANYWHERE, null, null, LinenH.LINEN_RECORD_OUTPUT, false);
        }
    }

    /**
     * Takes a slot and fills it in. The rule isn't in force yet: the caller first stores the result, so that it can
     * close it whatever happens.
     */
    static RuleSlot take(Supervisor supervisor, Content content) {
        StackRoom.requireMuch(); // from here on to the end of enable(), if that comes soon, only the heap can be full
        RuleSlot slot = new RuleSlot(supervisor);
        boolean filled = false;
        try {
            slot.index = supervisor.takeSlot();
            slot.fill(content);
            filled = true;
            return slot;
        } finally {
            if (!filled) {
                slot.close();
            }
        }
    }

    private void fill(Content content) {
        MemorySegment rule = supervisor.slot(index);
        rule.fill((byte) 0);
        linen_rule.action(rule, content.action());
        linen_rule.argument(rule, content.argument());
        linen_rule.calls(rule, content.calls());
        linen_rule.first(rule, content.first());
        linen_rule.count(rule, content.count());
        linen_rule.thread(rule, content.thread());
        linen_rule.descriptor(rule, content.descriptor());
        linen_rule.where(rule, content.where());
        linen_rule.recording(rule, content.record());
        Path folder = content.folder();
        String glob = content.glob();
        linen_rule.folder(rule, folder == null ? 0 : address(PathBytes.of(folder)));
        linen_rule.glob(rule, glob == null ? 0 : address(glob.getBytes(StandardCharsets.UTF_8)));
        linen_rule.stack(rule, content.stack() ? 1 : 0);
    }

    private long address(byte[] text) {
        MemorySegment copy = names.allocate(text.length + 1L);
        MemorySegment.copy(text, 0, copy, ValueLayout.JAVA_BYTE, 0, text.length);
        return copy.address();
    }

    /** Puts the rule into force, unless it was withdrawn: calls that begin from now on find it. */
    synchronized void enable() {
        if (!withdrawn) {
            supervisor.enable(index, true);
        }
    }

    /** The bit by which recorded events name this rule. */
    long bit() {
        return 1L << index;
    }

    /** How many calls matched. */
    synchronized long matched() {
        return withdrawn ? matched : (long) LONG.getOpaque(supervisor.slot(index), linen_rule.matched$offset());
    }

    /** On how many of them the rule acted. */
    synchronized long fired() {
        return withdrawn ? fired : (long) LONG.getOpaque(supervisor.slot(index), linen_rule.fired$offset());
    }

    /**
     * Puts the rule out of force. When this returns, it has no effect any more, and all that it recorded is in the log;
     * its bit is no other rule's until it is closed. If an error interrupts it, it can be called again; the rule is out
     * of force all the same.
     */
    synchronized void withdraw() {
        if (withdrawn) {
            return;
        }
        if (index != NONE) {
            supervisor.enable(index, false);
            supervisor.await();
            matched = matched();
            fired = fired();
        }
        withdrawn = true;
    }

    /** Withdraws the rule, and gives its slot away: to be called when what it recorded has been read. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        withdraw();
        if (index != NONE) {
            supervisor.giveSlot(index);
        }
        closed = true;
        names.close();
    }
}
