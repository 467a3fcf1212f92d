package dev.linen.thread;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A NativeThread, a Mapping: fields that are set after the constructor, and a caller that passes it on by a data race. */
public class PublicationLitmus {

    /** Like NativeThread: the fields can't be final. */
    static final class Started {
        int stack;
        int block;
        int exit;
        int tid;

        void start(int value) {
            stack = value;
            block = value;
            exit = value;
            tid = value;
        }

        int sum() {
            return stack + block + exit + tid;
        }
    }

    /** With the fence of NativeThread.publish. */
    @JCStressTest
    @Outcome(id = {"-1", "4"}, expect = ACCEPTABLE, desc = "not passed on yet, or complete")
    @Outcome(expect = FORBIDDEN, desc = "incomplete")
    @State
    public static class WithFence {

        private final int value = Math.max(1, (int) (System.nanoTime() & 0));
        private @Nullable Started passed;

        @Actor
        public void creator() {
            Started started = new Started();
            started.start(value);
            VarHandle.releaseFence();
            passed = started;
        }

        @Actor
        public void other(I_Result result) {
            Started seen = passed;
            result.r1 = seen == null ? -1 : seen.sum();
        }
    }

    /** What would happen without. */
    @JCStressTest
    @Outcome(id = {"-1", "4"}, expect = ACCEPTABLE, desc = "not passed on yet, or complete")
    @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "incomplete")
    @State
    public static class WithoutFence {

        private final int value = Math.max(1, (int) (System.nanoTime() & 0));
        private @Nullable Started passed;

        @Actor
        public void creator() {
            Started started = new Started();
            started.start(value);
            passed = started;
        }

        @Actor
        public void other(I_Result result) {
            Started seen = passed;
            result.r1 = seen == null ? -1 : seen.sum();
        }
    }

    /** Departure.unseen: written before stackGone, a volatile field, and read after it. */
    @JCStressTest
    @Outcome(id = {"-1", "7"}, expect = ACCEPTABLE, desc = "the stack isn't returned yet, or the fault is there")
    @Outcome(expect = FORBIDDEN, desc = "the fault is lost")
    @State
    public static class BeforeVolatile {

        private int unseen;
        private volatile boolean stackGone;

        @Actor
        public void givingBack() {
            unseen = 7;
            stackGone = true;
        }

        @Actor
        public void finishing(I_Result result) {
            result.r1 = stackGone ? unseen : -1;
        }
    }
}
