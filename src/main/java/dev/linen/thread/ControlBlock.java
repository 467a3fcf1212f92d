package dev.linen.thread;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_fault;
import dev.linen.internal.linux.linen_handle;
import dev.linen.internal.stack.StackSlot;

/**
 * What Java and a native thread tell each other, by its fields: the control block, {@code struct linen_control}, and the exit
 * record, {@code struct linen_exit}.
 *
 * <p>The accessors don't check that the memory is mapped: only a caller that keeps it mapped may use them, see {@link Callers}.
 */
final class ControlBlock {

    private static final VarHandle FUTEX = ValueLayout.JAVA_INT.varHandle();
    private static final long FUTEX_OFFSET = linen_exit.handle$offset() + linen_handle.futex$offset();

    private final StackSlot slot;
    private final MemorySegment control;
    private final MemorySegment exit;

    ControlBlock(StackSlot slot) {
        this.slot = slot;
        this.control = slot.control();
        this.exit = slot.exit();
    }

    /** Writes what a thread will find, over everything that the previous thread left here. */
    void prepare(long function, long argument, long exitList) {
        control.fill((byte) 0);
        linen_control.function(control, function);
        linen_control.argument(control, argument);
        linen_control.exit(control, exit.address());
        linen_control.signal_stack(control, slot.address() + slot.geometry().signalStackOffset());
        linen_control.signal_stack_bytes(control, slot.geometry().signalStackBytes());
        linen_control.exit_list(control, exitList);
        linen_exit.result(exit, 0);
        linen_handle.futex(handle(), 0);
        linen_handle.canary(handle(), LinenH.LINEN_CANARY);
    }

    /** The thread will have the slab's thread-local block. A thread that libc makes has one of libc's. */
    void prepareThreadLocals() {
        linen_control.thread_pointer(control, slot.threadLocals().address());
    }

    /** The thread will issue these calls before its function. */
    void prepareSetup(long calls, int count) {
        linen_control.setup(control, calls);
        linen_control.setup_calls(control, count);
    }

    /** The thread will announce its end, see {@link ExitWatcher}. */
    void prepareWatch() {
        linen_control.watch(control, LinenH.LINEN_WATCHED);
    }

    /** The thread will change {@link #readyWord()} when it has issued its calls. */
    void prepareReady() {
        linen_control.ready(control, LinenH.LINEN_AWAITED);
    }

    StackSlot slot() {
        return slot;
    }

    /** What identifies the thread in the native part. */
    long address() {
        return control.address();
    }

    /** The thread's tid, which the native part writes: after clone, or when a thread that libc made is ready. */
    int tid() {
        return linen_control.tid(control);
    }

    /** Whether libc makes the thread: then it has no thread-local block of linen's. */
    boolean isPosix() {
        return linen_control.thread_pointer(control) == 0;
    }

    boolean hasEnded() {
        return hasEnded(exit);
    }

    /** Whether a thread has ended, by its exit record. */
    static boolean hasEnded(MemorySegment exit) {
        return (int) FUTEX.getAcquire(exit, FUTEX_OFFSET) == 0;
    }

    /** Whether a signal ended the thread. */
    boolean hasFault() {
        return linen_fault.signal(fault()) != 0;
    }

    /** What the signal handler wrote down: struct linen_fault. */
    MemorySegment fault() {
        return linen_control.fault(control);
    }

    /** The dword that the thread changes when it has issued its calls. */
    MemorySegment readyWord() {
        return control.asSlice(linen_control.ready$offset(), linen_control.ready$layout());
    }

    /** The dword by which Java and the thread agree whether the thread announces its end. */
    MemorySegment watchWord() {
        return control.asSlice(linen_control.watch$offset(), linen_control.watch$layout());
    }

    /** -errno if the thread ended before it called its function, otherwise 0. */
    long failure() {
        return linen_control.failure(control);
    }

    /** Which call failed then: its index, or -1 for sigaltstack. */
    long failedCall() {
        return linen_control.failed_call(control);
    }

    /** struct linen_handle, at the thread's handle. */
    MemorySegment handle() {
        return linen_exit.handle(exit);
    }

    /** The dword that the kernel clears at the thread's end. */
    MemorySegment futexWord() {
        return handle().asSlice(linen_handle.futex$offset(), linen_handle.futex$layout());
    }

    /** An old handle must not look like that of a living thread. */
    void clearCanary() {
        linen_handle.canary(handle(), 0);
    }

    /** What the function returned. Doesn't check that it did. */
    long result() {
        return linen_exit.result(exit);
    }

    void setResult(long result) {
        linen_exit.result(exit, result);
    }
}
