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
 * Access to the fields by which Java and a native thread communicate: the control block, {@code struct linen_control},
 * and the exit record, {@code struct linen_exit}.
 *
 * <p>The accessors don't check whether the memory is mapped. Only a caller that keeps it mapped may use them, see
 * {@link Callers}.
 */
final class ControlBlock {

    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();
    private static final long FUTEX_OFFSET = linen_exit.handle$offset() + linen_handle.futex$offset();

    private final StackSlot slot;
    private final MemorySegment control;
    private final MemorySegment exit;

    ControlBlock(StackSlot slot) {
        this.slot = slot;
        this.control = slot.control();
        this.exit = slot.exit();
    }

    /** Initializes both structs, and so overwrites what the previous thread on this stack left there. */
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

    /** Makes the thread use the slab's thread-local block. A thread that libc creates uses libc's. */
    void prepareThreadLocals() {
        linen_control.thread_pointer(control, slot.threadLocals().address());
    }

    /** Makes the thread issue these calls before it calls its function. */
    void prepareSetup(long calls, int count) {
        linen_control.setup(control, calls);
        linen_control.setup_calls(control, count);
    }

    /**
     * Makes the thread attach itself to the JVM before it calls its function, and detach itself afterwards.
     *
     * @param jvm the address of the JavaVM; 0 leaves it to the JVM
     * @param name in modified UTF-8; a 0 follows it
     */
    void prepareAttach(long jvm, byte[] name) {
        linen_control.jvm(control, jvm);
        linen_control.name(control).asSlice(0, name.length).copyFrom(MemorySegment.ofArray(name));
    }

    /** Makes the thread announce its end, see {@link ExitWatcher}. */
    void prepareWatch() {
        linen_control.watch(control, LinenH.LINEN_WATCHED);
    }

    /** Makes the thread change {@link #readyWord()} when it has made its calls. */
    void prepareReady() {
        linen_control.ready(control, LinenH.LINEN_AWAITED);
    }

    StackSlot slot() {
        return slot;
    }

    /** Returns the address of the control block, which identifies the thread in the native part. */
    long address() {
        return control.address();
    }

    /**
     * Returns the thread's tid. The native part writes it: after clone, or when a thread that libc creates is ready.
     */
    int tid() {
        return (int) WORD.getAcquire(control, linen_control.tid$offset());
    }

    /** Returns whether libc creates the thread. It then has no thread-local block of linen's. */
    boolean isPosix() {
        return linen_control.thread_pointer(control) == 0;
    }

    boolean hasEnded() {
        return hasEnded(exit);
    }

    /** Returns whether a thread has ended, according to its exit record. */
    static boolean hasEnded(MemorySegment exit) {
        return futex(exit) == 0;
    }

    /** Returns the futex dword of an exit record. What the thread wrote before its end can be read after a 0. */
    static int futex(MemorySegment exit) {
        return (int) WORD.getAcquire(exit, FUTEX_OFFSET);
    }

    /** Returns whether a thread has announced its end, according to its control block. */
    static boolean isEnding(MemorySegment control) {
        return (int) WORD.getAcquire(control, linen_control.watch$offset()) == LinenH.LINEN_ENDING;
    }

    /** Returns whether a signal ended the thread. */
    boolean hasFault() {
        return linen_fault.signal(fault()) != 0;
    }

    /** Returns the record that the signal handler wrote: struct linen_fault. */
    MemorySegment fault() {
        return linen_control.fault(control);
    }

    /** Returns the dword that the thread changes when it has made its calls. */
    MemorySegment readyWord() {
        return control.asSlice(linen_control.ready$offset(), linen_control.ready$layout());
    }

    /** Returns the dword by which Java and the thread agree whether the thread announces its end. */
    MemorySegment watchWord() {
        return control.asSlice(linen_control.watch$offset(), linen_control.watch$layout());
    }

    /** Returns -errno if the thread ended before it called its function, otherwise 0. */
    long failure() {
        return linen_control.failure(control);
    }

    /** Returns which call failed: its index, or one of the constants in linen.h. */
    long failedCall() {
        return linen_control.failed_call(control);
    }

    /** Returns struct linen_handle, which is at the address of the thread's handle. */
    MemorySegment handle() {
        return linen_exit.handle(exit);
    }

    /**
     * Returns the dword that is cleared at the thread's end, by the kernel or, for a thread of libc's, by the watcher.
     */
    MemorySegment futexWord() {
        return handle().asSlice(linen_handle.futex$offset(), linen_handle.futex$layout());
    }

    /** Invalidates the handle, so that it isn't taken for that of a living thread. */
    void clearCanary() {
        linen_handle.canary(handle(), 0);
    }

    /** Returns the function's result, which is valid only if the function has returned. */
    long result() {
        return linen_exit.result(exit);
    }

    void setResult(long result) {
        linen_exit.result(exit, result);
    }
}
