package dev.linen.thread;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** {@link Callers}: the last caller that leaves frees the memory, and no caller uses it afterwards. */
public class CallersLitmus {

    /** Two callers of a closed thread leave. At least one of them must find that all have left, or nobody frees it. */
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "the memory is freed")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "nobody frees the memory")
    @State
    public static class LastOfTwo extends Closed {

        private volatile boolean freed;

        @Actor
        public void first() {
            one.inside = false;
            if (callers.haveAllLeft()) {
                freed = true;
            }
        }

        @Actor
        public void second() {
            other.inside = false;
            if (callers.haveAllLeft()) {
                freed = true;
            }
        }

        @Arbiter
        public void arbiter(Z_Result result) {
            result.r1 = freed;
        }
    }

    /** What a caller has done inside comes before the memory is freed. */
    @JCStressTest
    @Outcome(id = {"0, 0", "1, 1"}, expect = ACCEPTABLE, desc = "not freed yet, or freed after the access")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "freed before the access")
    @State
    public static class AccessBeforeFree extends Closed {

        private int memory;

        public AccessBeforeFree() {
            other.inside = false;
        }

        @Actor
        public void caller() {
            memory = 1;
            one.inside = false;
        }

        @Actor
        public void freeing(II_Result result) {
            boolean free = callers.haveAllLeft();
            result.r1 = free ? 1 : 0;
            result.r2 = free ? memory : 0;
        }
    }

    /** A caller enters while another one closes: either it is refused, or the closing one finds it inside. */
    @JCStressTest
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "inside, or freed")
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "refused, and freed by the next one that looks")
    @Outcome(id = "true, true", expect = FORBIDDEN, desc = "freed while a caller is inside")
    @State
    public static class EnterOrClose {

        private final Callers callers = new Callers();
        private final Callers.Visit visit = new Callers.Visit();

        @Actor
        public void entering(ZZ_Result result) {
            result.r1 = callers.enter(visit);
        }

        @Actor
        public void closing(ZZ_Result result) {
            callers.close();
            result.r2 = callers.haveAllLeft();
        }
    }

    /** With two callers inside. */
    public abstract static class Closed {

        final Callers callers = new Callers();
        final Callers.Visit one = new Callers.Visit();
        final Callers.Visit other = new Callers.Visit();

        protected Closed() {
            callers.enter(one);
            callers.enter(other);
            callers.close();
        }
    }
}
