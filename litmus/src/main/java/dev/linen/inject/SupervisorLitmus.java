package dev.linen.inject;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IJ_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZII_Result;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_event;
import dev.linen.internal.linux.linen_inject;
import dev.linen.internal.linux.linen_pending;
import dev.linen.internal.linux.linen_rule;

/**
 * The words by which Java and the supervisor agree on rules, on calls that are put aside, and on the log. A Java thread
 * plays the supervisor, with the accesses of inject.c.
 */
public class SupervisorLitmus {

    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final VarHandle LONG = JAVA_LONG.varHandle();

    private static MemorySegment memory(long bytes) {
        return Arena.ofAuto().allocate(bytes, Long.BYTES);
    }

    /** The supervisor writes an event, and then moves the log's head behind it. */
    @JCStressTest
    @Outcome(id = {"0, 0", "1, 7"}, expect = ACCEPTABLE, desc = "no event yet, or a complete one")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "an event that isn't complete")
    @State
    public static class Log {

        private final MemorySegment inject = memory(linen_inject.sizeof());
        private final MemorySegment event = memory(linen_event.sizeof());

        @Actor
        public void supervisor() {
            linen_event.result(event, 7);
            LONG.setRelease(inject, linen_inject.head$offset(), 1L);
        }

        @Actor
        public void reader(IJ_Result result) {
            result.r1 = (int) (long) LONG.getAcquire(inject, linen_inject.head$offset());
            result.r2 = result.r1 == 1 ? linen_event.result(event) : 0;
        }
    }

    /** Java describes a rule, and then puts it into force. */
    @JCStressTest
    @Outcome(id = {"0, 0", "1, 7"}, expect = ACCEPTABLE, desc = "not in force yet, or a complete rule")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "a rule that isn't complete")
    @State
    public static class Rule {

        private final MemorySegment rule = memory(linen_rule.sizeof());

        @Actor
        public void java() {
            linen_rule.argument(rule, 7);
            INT.setRelease(rule, linen_rule.enabled$offset(), 1);
        }

        @Actor
        public void supervisor(IJ_Result result) {
            result.r1 = (int) INT.getAcquire(rule, linen_rule.enabled$offset());
            result.r2 = result.r1 == 1 ? linen_rule.argument(rule) : 0;
        }
    }

    /**
     * A rule ends, and its slot is used for another one, while a call is put aside because of the first. The supervisor
     * reads `wanted` before it looks whether the rule is in force, and writes `done` afterwards.
     */
    @JCStressTest
    @Outcome(id = {"1", "0"}, expect = ACCEPTABLE, desc = "the first rule is in force, or the call goes on")
    @Outcome(id = "2", expect = FORBIDDEN, desc = "the second rule decides about the call")
    @State
    public static class SlotUsedAgain extends Slot {

        @Actor
        public void java() {
            endAndUseAgain();
        }

        @Actor
        public void supervisor(I_Result result) {
            for (int round = 0; round < 2; round++) {
                int wanted = wanted();
                result.r1 = round > 0 && result.r1 == 0 ? 0 : rule();
                acknowledge(wanted);
            }
        }
    }

    /** What would happen if the supervisor read `wanted` after it has looked. */
    @JCStressTest
    @Outcome(id = {"1", "0"}, expect = ACCEPTABLE, desc = "the first rule is in force, or the call goes on")
    @Outcome(id = "2", expect = ACCEPTABLE_INTERESTING, desc = "the second rule decides about the call")
    @State
    public static class SlotUsedTooEarly extends Slot {

        @Actor
        public void java() {
            endAndUseAgain();
        }

        @Actor
        public void supervisor(I_Result result) {
            for (int round = 0; round < 2; round++) {
                result.r1 = round > 0 && result.r1 == 0 ? 0 : rule();
                acknowledge(wanted());
            }
        }
    }

    /** A slot with a rule in force. */
    public abstract static class Slot {

        private static final int LOOKS = 100;

        private final MemorySegment inject = memory(linen_inject.sizeof());
        private final MemorySegment rule = memory(linen_rule.sizeof());
        private final Futex done = Futex.ofPrivate(inject.asSlice(linen_inject.done$offset(), JAVA_INT));

        protected Slot() {
            linen_rule.argument(rule, 1);
            linen_rule.enabled(rule, 1);
        }

        /** Java waits for the acknowledgement; a litmus test can't wait for the other side, and looks a few times. */
        void endAndUseAgain() {
            INT.setRelease(rule, linen_rule.enabled$offset(), 0);
            INT.getAndAdd(inject, linen_inject.wanted$offset(), 1);
            for (int i = 0; i < LOOKS; i++) {
                if (done.value() == 1) {
                    linen_rule.argument(rule, 2);
                    INT.setRelease(rule, linen_rule.enabled$offset(), 1);
                    return;
                }
                Thread.onSpinWait();
            }
        }

        int wanted() {
            return (int) INT.getAcquire(inject, linen_inject.wanted$offset());
        }

        void acknowledge(int wanted) {
            INT.setRelease(inject, linen_inject.done$offset(), wanted);
        }

        /** Which rule is in force. */
        int rule() {
            return (int) INT.getAcquire(rule, linen_rule.enabled$offset()) == 1 ? (int) linen_rule.argument(rule) : 0;
        }
    }

    /** What the supervisor did before it acknowledges, Java sees: a rule that has ended has all its counts. */
    @JCStressTest
    @Outcome(id = {"0, 0", "1, 1"}, expect = ACCEPTABLE, desc = "not acknowledged yet, or complete")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "a count that comes later")
    @State
    public static class Done {

        private final MemorySegment inject = memory(linen_inject.sizeof());
        private final MemorySegment rule = memory(linen_rule.sizeof());
        private final Futex done = Futex.ofPrivate(inject.asSlice(linen_inject.done$offset(), JAVA_INT));

        @Actor
        public void supervisor() {
            LONG.setOpaque(rule, linen_rule.matched$offset(), 1L);
            INT.setRelease(inject, linen_inject.done$offset(), 1);
        }

        @Actor
        public void java(II_Result result) {
            result.r1 = done.value();
            result.r2 = result.r1 == 1 ? (int) (long) LONG.getOpaque(rule, linen_rule.matched$offset()) : 0;
        }
    }

    /** The time for a stack is over while Java has taken it: it counts, and is there; or Java comes too late. */
    @JCStressTest
    @Outcome(id = {"true, 2, 7", "false, 3, 0"}, expect = ACCEPTABLE, desc = "the stack, or none")
    @Outcome(expect = FORBIDDEN, desc = "a stack that is lost, or isn't there")
    @State
    public static class Stack {

        private final MemorySegment pending = memory(linen_pending.sizeof());
        private int stack;

        public Stack() {
            linen_pending.state(pending, LinenH.LINEN_PENDING_HELD);
        }

        @Actor
        public void java(ZII_Result result) {
            stack = 7;
            result.r1 = LONG.compareAndSet(pending, linen_pending.state$offset(), (long) LinenH.LINEN_PENDING_HELD,
                    (long) LinenH.LINEN_PENDING_SEEN);
        }

        @Actor
        public void supervisor(ZII_Result result) {
            long state = (long) LONG.compareAndExchange(pending, linen_pending.state$offset(),
                    (long) LinenH.LINEN_PENDING_HELD, (long) LinenH.LINEN_PENDING_DELAYED);
            boolean seen = state == LinenH.LINEN_PENDING_SEEN;
            result.r2 = seen ? LinenH.LINEN_PENDING_SEEN : LinenH.LINEN_PENDING_DELAYED;
            result.r3 = seen ? stack : 0;
        }
    }

    /** The supervisor holds a call, then counts `held` up and wakes who waits for another value than it has read. */
    @JCStressTest
    @Outcome(id = {"0, 0", "0, 1", "1, 1"}, expect = ACCEPTABLE, desc = "it will be woken, or has found the call")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "it waits for the next call, and has overlooked this one")
    @State
    public static class Held {

        private final MemorySegment inject = memory(linen_inject.sizeof());
        private final MemorySegment pending = memory(linen_pending.sizeof());
        private final Futex held = Futex.ofPrivate(inject.asSlice(linen_inject.held$offset(), JAVA_INT));

        @Actor
        public void supervisor() {
            LONG.setRelease(pending, linen_pending.state$offset(), (long) LinenH.LINEN_PENDING_HELD);
            INT.getAndAddRelease(inject, linen_inject.held$offset(), 1);
        }

        @Actor
        public void collector(II_Result result) {
            result.r1 = held.value();
            result.r2 = (long) LONG.getAcquire(pending, linen_pending.state$offset()) == LinenH.LINEN_PENDING_HELD
                    ? 1
                    : 0;
        }
    }
}
