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
import dev.linen.internal.binding.AttachedThread;
import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_call;
import dev.linen.process.CpuSet;
import dev.linen.process.Scheduling;
import dev.linen.process.ThreadName;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * The system calls that a thread makes before it calls its function: they set its name, its CPUs and its scheduling.
 * The thread makes them itself, so that they are complete when the function begins.
 *
 * <p>Their arguments are in memory that is freed when this object isn't reachable any more: see {@link Lent#keep}.
 */
final class ThreadSetup {

    private static final long CALLING_THREAD = 0;

    /** The interval at which the creator checks whether the thread has ended before it was ready. */
    private static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** One call: the arguments that the kernel gets, and the text that an exception shows for them. */
    private record Call(String name, List<Object> shown, long number, List<Long> arguments) {}

    private @Nullable Arena arena; // created on demand: most threads need none
    private final List<Call> calls = new ArrayList<>();
    private byte @Nullable [] javaName;
    private @Nullable Futex ready;

    void name(String name) {
        MemorySegment bytes = memory().allocateFrom(JAVA_BYTE, ThreadName.toBytes(name));
        add("prctl", List.of("PR_SET_NAME", '"' + name + '"'), SyscallNumber.PRCTL, Kernel.PR_SET_NAME,
                bytes.address());
    }

    /** Makes the thread one of the JVM's, for a function in Java. It has the same name in the kernel. */
    void attach(String name) {
        name(name);
        javaName = AttachedThread.modifiedUtf8(name);
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

    /**
     * Stores the calls in the control block of a thread that is about to be started, and allocates what the wait needs.
     *
     * @param awaited whether to wait for the thread even if it has no calls to make
     */
    void prepare(ControlBlock block, boolean awaited) {
        if (calls.isEmpty() && !awaited) {
            return;
        }
        block.prepareReady();
        Futex word = Futex.ofPrivate(block.readyWord());
        word.awaitUntil(word.value() + 1, System.nanoTime()); // a Java thread's first wait allocates
        ready = word;
        if (calls.isEmpty()) {
            return;
        }
        MemorySegment array = linen_call.allocateArray(calls.size(), memory());
        for (int i = 0; i < calls.size(); i++) {
            MemorySegment call = linen_call.asSlice(array, i);
            linen_call.number(call, calls.get(i).number());
            for (int a = 0; a < calls.get(i).arguments().size(); a++) {
                linen_call.arguments(call).setAtIndex(JAVA_LONG, a, calls.get(i).arguments().get(a));
            }
        }
        block.prepareSetup(array.address(), calls.size());
        byte[] name = javaName;
        if (name != null) {
            block.prepareAttach(AttachedThread.jvm(), name);
        }
    }

    /**
     * Waits until the thread has made all calls or one has failed. Returns at once if the thread has no calls to make.
     * Allocates nothing: a thread that runs can't be given up. Therefore a virtual thread isn't parked here, because
     * that would allocate. It blocks its carrier for as long as the kernel takes to run the new thread.
     *
     * @throws IllegalStateException if the thread ended before that
     */
    void await(ControlBlock block) {
        Futex word = ready;
        while (word != null && word.value() == LinenH.LINEN_AWAITED) {
            word.awaitUntil(LinenH.LINEN_AWAITED, System.nanoTime() + CHECK_NANOS);
            if (block.hasEnded() && word.value() == LinenH.LINEN_AWAITED) {
                throw new IllegalStateException("the thread ended before its function began: a seccomp filter may have "
                        + "killed it for a call that sets its name, CPUs or scheduling");
            }
        }
    }

    /**
     * Returns whether one of the calls failed. Without calls, the creator didn't wait, and the thread may be writing
     * these fields.
     */
    boolean hasFailed(ControlBlock block) {
        return !calls.isEmpty() && block.failure() != 0 && block.failedCall() != LinenH.LINEN_SIGALTSTACK;
    }

    /** Returns the exception for what failed. */
    RuntimeException failure(ControlBlock block) {
        if (block.failedCall() == LinenH.LINEN_ATTACH) {
            return new IllegalStateException("the JVM could not attach the thread, which runs Java (JNI's error "
                    + block.failure() + "): the heap may be full");
        }
        Call call = calls.get((int) block.failedCall());
        return new SyscallException(call.name(), block.failure(), call.shown().toArray());
    }

    /** Returns the exception for sigaltstack, which every cloned thread calls. */
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
