package dev.linen.thread;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import dev.linen.futex.Futex;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_call;
import dev.linen.process.CpuSet;
import dev.linen.process.Scheduling;
import dev.linen.process.ThreadName;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * What a thread does to itself before it calls its function: system calls that name it, place it and schedule it. The thread
 * issues them, not its creator, because then they are done when the function begins.
 *
 * <p>Their arguments are in memory that is freed when this object isn't reachable any more: {@link Lent} keeps it.
 */
final class ThreadSetup {

    private static final long CALLING_THREAD = 0;

    /** How long an end without a word may go unnoticed. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** One call: what the kernel gets, and what a person reads when it fails. */
    private record Call(String name, List<Object> shown, long number, List<Long> arguments) {}

    private @Nullable Arena arena; // made when there is something to put there: most threads need nothing
    private final List<Call> calls = new ArrayList<>();

    void name(String name) {
        MemorySegment bytes = memory().allocateFrom(JAVA_BYTE, ThreadName.toBytes(name));
        add("prctl", List.of("PR_SET_NAME", '"' + name + '"'), SyscallNumber.PRCTL, Kernel.PR_SET_NAME,
                bytes.address());
    }

    void cpus(CpuSet cpus) {
        MemorySegment mask = memory().allocateFrom(JAVA_LONG, cpus.toMask());
        add("sched_setaffinity", List.of(CALLING_THREAD, mask.byteSize(), "[" + cpus + "]"),
                SyscallNumber.SCHED_SETAFFINITY, CALLING_THREAD, mask.byteSize(), mask.address());
    }

    void scheduling(Scheduling scheduling) {
        MemorySegment param = memory().allocateFrom(JAVA_INT, scheduling.priority());
        add("sched_setscheduler", List.of(CALLING_THREAD, scheduling), SyscallNumber.SCHED_SETSCHEDULER, CALLING_THREAD,
                scheduling.policy(), param.address());
    }

    void nice(int value) {
        add("setpriority", List.of("PRIO_PROCESS", CALLING_THREAD, value), SyscallNumber.SETPRIORITY,
                Kernel.PRIO_PROCESS, CALLING_THREAD, value);
    }

    private void add(String name, List<Object> shown, long number, long... arguments) {
        calls.add(new Call(name, shown, number, Arrays.stream(arguments).boxed().toList()));
    }

    /** Gives the calls to a thread that is about to be made. */
    void prepare(ControlBlock block) {
        if (calls.isEmpty()) {
            return;
        }
        block.prepareReady();
        MemorySegment array = linen_call.allocateArray(calls.size(), memory());
        for (int i = 0; i < calls.size(); i++) {
            MemorySegment call = linen_call.asSlice(array, i);
            linen_call.number(call, calls.get(i).number());
            for (int a = 0; a < calls.get(i).arguments().size(); a++) {
                linen_call.arguments(call).setAtIndex(JAVA_LONG, a, calls.get(i).arguments().get(a));
            }
        }
        block.prepareSetup(array.address(), calls.size());
    }

    /**
     * Waits, if that was prepared, until the thread has issued all calls or one has failed.
     *
     * @throws IllegalStateException when the thread ended in the midst of them
     */
    static void await(ControlBlock block) {
        Futex ready = Futex.ofPrivate(block.readyWord());
        while (ready.value() == LinenH.LINEN_AWAITED) {
            ready.awaitUntil(LinenH.LINEN_AWAITED, System.nanoTime() + LOOK_NANOS);
            if (block.hasEnded() && ready.value() == LinenH.LINEN_AWAITED) {
                throw new IllegalStateException(
                        "the thread was ended before its function began: by a seccomp filter, maybe, "
                                + "that kills who issues a call to name, place or schedule itself");
            }
        }
    }

    /** Whether one of the calls failed. Without any, nobody has waited, and the thread may be writing there just now. */
    boolean hasFailed(ControlBlock block) {
        return !calls.isEmpty() && block.failure() != 0 && block.failedCall() >= 0;
    }

    /** What a thread that ended before its function has to say. */
    SyscallException failure(ControlBlock block) {
        int index = (int) block.failedCall();
        if (index < 0) {
            return signalStackFailure(block);
        }
        Call call = calls.get(index);
        return new SyscallException(call.name(), block.failure(), call.shown().toArray());
    }

    /** Of sigaltstack, which every thread calls. */
    static SyscallException signalStackFailure(ControlBlock block) {
        return new SyscallException("sigaltstack", block.failure(), "the signal stack", "NULL");
    }

    private Arena memory() {
        Arena made = arena;
        if (made == null) {
            made = Arena.ofAuto();
            arena = made;
        }
        return made;
    }
}
