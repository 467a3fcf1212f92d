package dev.linen.thread;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.IJ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_exit_list;
import dev.linen.internal.linux.linen_handle;

/**
 * The words by which a native thread and Java agree on its end. A Java thread plays the native one, with the accesses of
 * thread.c: release fence, exchange, compare-and-set with release.
 */
public class EndLitmus {

    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final VarHandle LONG = JAVA_LONG.varHandle();

    private static MemorySegment memory(long bytes) {
        return Arena.ofAuto().allocate(bytes, Long.BYTES);
    }

    /** The thread stores its result, executes the fence, and the kernel clears the futex by a plain store. */
    @JCStressTest
    @Outcome(id = {"1, 0", "0, 7"}, expect = ACCEPTABLE, desc = "it runs, or it has ended with its result")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "it has ended without its result")
    @State
    public static class Result {

        private static final long FUTEX = linen_exit.handle$offset() + linen_handle.futex$offset();

        private final MemorySegment exit = memory(linen_exit.sizeof());

        public Result() {
            exit.set(JAVA_INT, FUTEX, 1);
        }

        @Actor
        public void thread() {
            linen_exit.result(exit, 7);
            VarHandle.releaseFence();
            INT.setOpaque(exit, FUTEX, 0);
        }

        @Actor
        public void joining(IJ_Result result) {
            result.r1 = ControlBlock.futex(exit);
            result.r2 = result.r1 == 0 ? linen_exit.result(exit) : 0;
        }
    }

    /** Either Java has asked in time and is notified, or it finds that it is too late. */
    @JCStressTest
    @Outcome(id = {"true, true", "false, false"}, expect = ACCEPTABLE, desc = "notified, or too late")
    @Outcome(id = {"true, false", "false, true"}, expect = FORBIDDEN, desc = "lost, or notified without asking")
    @State
    public static class Watch {

        private final MemorySegment control = memory(linen_control.sizeof());
        private final Futex word = Futex.ofPrivate(control.asSlice(linen_control.watch$offset(), JAVA_INT));

        @Actor
        public void asking(ZZ_Result result) {
            result.r1 = word.compareAndSet(LinenH.LINEN_UNWATCHED, LinenH.LINEN_WATCHED);
        }

        @Actor
        public void thread(ZZ_Result result) {
            int before = (int) INT.getAndSet(control, linen_control.watch$offset(), LinenH.LINEN_ENDING);
            result.r2 = before == LinenH.LINEN_WATCHED;
        }
    }

    /**
     * Two threads add themselves to the list; the watcher takes it, and sees what each of them has written before: also
     * the first one, whose word it doesn't read. A thread that isn't on the list yet has counted `rung` up later.
     */
    @JCStressTest
    @Outcome(id = {"0, 0, 0", "0, 0, 1", "1, 0, 1", "0, 1, 1", "0, 0, 2", "1, 1, 2", "1, 0, 0", "0, 1, 0", "1, 1, 0",
            "1, 1, 1", "1, 0, 2", "0, 1, 2"}, expect = ACCEPTABLE, desc = "all that are on the list are complete")
    @Outcome(id = {"-1, .*", ".*, -1, .*"}, expect = FORBIDDEN, desc = "a thread on the list isn't complete")
    @State
    public static class ExitList {

        private static final int THREADS = 2;

        private final MemorySegment list = memory(linen_exit_list.sizeof());
        private final MemorySegment controls = memory(THREADS * linen_control.sizeof());

        private void announce(int thread) {
            MemorySegment control = linen_control.asSlice(controls, thread);
            linen_control.failure(control, 7); // anything that the thread has written
            long first = (long) LONG.getOpaque(list, linen_exit_list.first$offset());
            while (true) {
                linen_control.next(control, first);
                if (LONG.weakCompareAndSetRelease(list, linen_exit_list.first$offset(), first, control.address())) {
                    break;
                }
                first = (long) LONG.getOpaque(list, linen_exit_list.first$offset());
            }
            INT.getAndAddRelease(list, linen_exit_list.rung$offset(), 1);
        }

        @Actor
        public void first() {
            announce(0);
        }

        @Actor
        public void second() {
            announce(1);
        }

        @Actor
        public void watcher(III_Result result) {
            result.r3 = (int) INT.getVolatile(list, linen_exit_list.rung$offset());
            int[] found = new int[THREADS];
            int seen = 0;
            long address = (long) LONG.getAndSet(list, linen_exit_list.first$offset(), 0L);
            while (address != 0) {
                int index = (int) ((address - controls.address()) / linen_control.sizeof());
                MemorySegment control = linen_control.asSlice(controls, index);
                found[index] = linen_control.failure(control) == 7 ? 1 : -1;
                seen++;
                address = linen_control.next(control);
            }
            result.r1 = found[0];
            result.r2 = seen < result.r3 ? -1 : found[1]; // it has rung, but isn't on the list
        }
    }

    /** A sleeper counts itself and then reads the futex; a thread that was woken reads 0, and then the count. */
    @JCStressTest
    @Outcome(id = {"0, 1", "1, 1", "0, 0", "0, -1",
            "1, -1"}, expect = ACCEPTABLE, desc = "the sleeper is woken, or doesn't sleep")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "it sleeps, and nobody wakes it")
    @State
    public static class Sleepers {

        private final Futex futex = Futex.ofShared(memory(Integer.BYTES));
        private final AtomicInteger sleepers = new AtomicInteger();

        public Sleepers() {
            futex.set(1);
        }

        @Actor
        public void kernel() {
            futex.set(0);
        }

        @Actor
        public void sleeper(II_Result result) {
            sleepers.incrementAndGet();
            result.r1 = futex.value();
        }

        @Actor
        public void woken(II_Result result) {
            result.r2 = futex.value() == 0 ? sleepers.get() : -1;
        }
    }

    /** The creator sees what the thread has written before it is ready; and what the creator does then comes after. */
    @JCStressTest
    @Outcome(id = {"1, 0", "2, 7"}, expect = ACCEPTABLE, desc = "not ready, or ready with its failure")
    @Outcome(id = "2, 0", expect = FORBIDDEN, desc = "ready without its failure")
    @State
    public static class Ready {

        private final MemorySegment control = memory(linen_control.sizeof());
        private final Futex ready = Futex.ofPrivate(control.asSlice(linen_control.ready$offset(), JAVA_INT));

        public Ready() {
            ready.set(LinenH.LINEN_AWAITED);
        }

        @Actor
        public void thread() {
            linen_control.failure(control, 7);
            INT.setRelease(control, linen_control.ready$offset(), LinenH.LINEN_READY);
        }

        @Actor
        public void creator(II_Result result) {
            result.r1 = ready.value();
            result.r2 = result.r1 == LinenH.LINEN_READY ? (int) linen_control.failure(control) : 0;
        }
    }
}
