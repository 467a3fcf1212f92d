package dev.linen.inject;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_rule;

/** A rule in the memory that the supervisor reads, from {@link #enable} until it is closed. */
final class RuleSlot implements AutoCloseable {

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final Supervisor supervisor;
    private final int index;
    private final Arena names = Arena.ofShared();
    private final MemorySegment rule;
    private boolean closed; // guarded by this
    private long matched; // guarded by this: after the end
    private long fired;

    private RuleSlot(Supervisor supervisor) {
        this.supervisor = supervisor;
        index = supervisor.takeSlot();
        rule = supervisor.slot(index);
    }

    /**
     * What a rule says; see {@code struct linen_rule}.
     *
     * @param folder a canonical path, or null for a rule of any place
     */
    record Content(long calls, int action, long argument, long first, long count, int thread, int descriptor, int where,
            @Nullable String folder, @Nullable String glob, int record, boolean stack) {

        /** A rule that only records. */
        static Content recording(long calls, String folder, boolean stack) {
            return new Content(calls, LinenH.LINEN_ACTION_NONE, 0, 1, 0, 0, -1, LinenH.LINEN_UNDER, folder, null,
                    LinenH.LINEN_RECORD_DATA, stack);
        }

        /** A rule that records what is written to a descriptor, whatever is open there. */
        static Content output(int descriptor) {
            return new Content(1L << LinenH.LINEN_CALL_WRITE | 1L << LinenH.LINEN_CALL_WRITEV, LinenH.LINEN_ACTION_NONE,
                    0, 1, 0, 0, descriptor, LinenH.LINEN_ANYWHERE, null, null, LinenH.LINEN_RECORD_OUTPUT, false);
        }
    }

    /** Puts a rule into force. */
    static RuleSlot enable(Supervisor supervisor, Content content) {
        RuleSlot slot = new RuleSlot(supervisor);
        try {
            slot.fill(content);
        } catch (RuntimeException | Error noMemory) {
            supervisor.giveSlot(slot.index);
            throw noMemory;
        }
        supervisor.enable(slot.index, true);
        supervisor.await();
        return slot;
    }

    private void fill(Content content) {
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
        linen_rule.folder(rule, address("/".equals(content.folder()) ? "" : content.folder()));
        linen_rule.glob(rule, address(content.glob()));
        linen_rule.stack(rule, content.stack() ? 1 : 0);
    }

    private long address(@Nullable String text) {
        return text == null ? 0 : names.allocateFrom(text).address();
    }

    /** The bit by which recorded events name this rule. */
    long bit() {
        return 1L << index;
    }

    /** How many calls matched. */
    synchronized long matched() {
        return closed ? matched : (long) LONG.getOpaque(rule, linen_rule.matched$offset());
    }

    /** On how many of them the rule acted. */
    synchronized long fired() {
        return closed ? fired : (long) LONG.getOpaque(rule, linen_rule.fired$offset());
    }

    /** Puts the rule out of force. When this returns, it has no effect any more. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        supervisor.enable(index, false);
        supervisor.await();
        matched = matched();
        fired = fired();
        closed = true;
        supervisor.giveSlot(index);
        names.close();
    }
}
