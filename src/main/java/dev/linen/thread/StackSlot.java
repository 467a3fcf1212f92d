package dev.linen.thread;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_fault;
import dev.linen.internal.linux.linen_handle;
import dev.linen.memory.Mapping;

/**
 * The memory of a stack buffer, used by one thread after the other. {@link StackBuffer} is what one thread's user sees of
 * it.
 *
 * <p>Its accessors don't check that the memory is there: they are called by who has the slot, between
 * {@link StackPool#take} and {@link StackPool#give}.
 */
final class StackSlot {

    private static final VarHandle KILL = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle FUTEX = ValueLayout.JAVA_INT.varHandle();
    private static final long FUTEX_OFFSET = linen_exit.handle$offset() + linen_handle.futex$offset();

    private final StackSlab slab;
    private final StackGeometry geometry;
    private final MemorySegment memory;
    private final MemorySegment control;

    /** Part of a slab that stays mapped as long as one of its slots is in use. */
    StackSlot(StackSlab slab, StackGeometry geometry, long address, long control) {
        this.slab = slab;
        this.geometry = geometry;
        this.memory = MemorySegment.ofAddress(address).reinterpret(geometry.totalBytes());
        this.control = MemorySegment.ofAddress(control).reinterpret(linen_control.sizeof());
    }

    /** Writes what a thread will find, over all that the one before it left in the control block and the exit record. */
    void prepare(long function, long argument) {
        control.fill((byte) 0);
        linen_control.function(control, function);
        linen_control.argument(control, argument);
        linen_control.exit(control, exit().address());
        linen_control.signal_stack(control, address() + geometry.signalStackOffset());
        linen_control.signal_stack_bytes(control, geometry.signalStackBytes());
        linen_control.exit_list(control, ExitWatcher.listAddress());
        linen_exit.result(exit(), 0);
        linen_handle.futex(handle(), 0);
        linen_handle.canary(handle(), LinenH.LINEN_CANARY);
    }

    /** The slab's thread-local block: a thread that libc makes gets one of libc's. */
    void prepareThreadLocals() {
        linen_control.thread_pointer(control, threadLocals().address());
    }

    /** Has the thread issue these calls before its function. */
    void prepareSetup(long calls, int count) {
        linen_control.setup(control, calls);
        linen_control.setup_calls(control, count);
    }

    /** Has the thread ring at its end. */
    void prepareWatch() {
        linen_control.watch(control, LinenH.LINEN_WATCHED);
    }

    /** Has the thread tell when it has issued them. */
    void awaitReady() {
        linen_control.ready(control, LinenH.LINEN_AWAITED);
    }

    /** The thread's tid; of one that libc made, once it has told that it is ready. */
    int tid() {
        return linen_control.tid(control);
    }

    /** Of one that was cloned. The thread itself doesn't look at it. */
    void setTid(int tid) {
        linen_control.tid(control, tid);
    }

    /** Has the handler end the thread when its signal comes. */
    void wantKill() {
        KILL.setRelease(control, linen_control.kill$offset(), 1);
    }

    /**
     * From the lowest page of the stack ever touched to its top, in bytes; at least the page of the exit record.
     *
     * @throws UnsupportedOperationException when the kernel doesn't tell
     */
    long usedBytes() {
        MemorySegment stack = stack();
        return stack.byteSize() - TouchedPages.firstIn(stack).orElse(stack.byteSize() - Mapping.pageSize());
    }

    /** Whether libc makes the thread: it has no thread-local block of ours. */
    boolean isPosix() {
        return linen_control.thread_pointer(control) == 0;
    }

    boolean hasEnded() {
        return hasEnded(exit());
    }

    /** Whether its thread has: of struct linen_exit, maybe a view that somebody can close. */
    static boolean hasEnded(MemorySegment exit) {
        return (int) FUTEX.getAcquire(exit, FUTEX_OFFSET) == 0;
    }

    /** Whether the thread was ended by a signal. */
    boolean hasFault() {
        return linen_fault.signal(fault()) != 0;
    }

    /** What the handler wrote down: struct linen_fault. */
    MemorySegment fault() {
        return linen_control.fault(control);
    }

    /** The dword that the thread sets once its calls are done. */
    MemorySegment readyWord() {
        return control.asSlice(linen_control.ready$offset(), linen_control.ready$layout());
    }

    /** Which call failed: its index, or -1 for sigaltstack. */
    long failedCall() {
        return linen_control.failed_call(control);
    }

    /** Whoever has an old handle shall not take it for a living one. */
    void clearCanary() {
        linen_handle.canary(handle(), 0);
    }

    StackSlab slab() {
        return slab;
    }

    StackGeometry geometry() {
        return geometry;
    }

    long address() {
        return memory.address();
    }

    MemorySegment stack() {
        return memory.asSlice(geometry.stackOffset(), geometry.stackBytes());
    }

    MemorySegment control() {
        return control;
    }

    /** What its slab's threads have in common: struct linen_slab. */
    MemorySegment threadLocals() {
        return slab.header().threadLocals();
    }

    MemorySegment exit() {
        return memory.asSlice(geometry.exitOffset(), linen_exit.layout());
    }

    MemorySegment handle() {
        return linen_exit.handle(exit());
    }

    /** The dword that the kernel clears at the thread's end. */
    MemorySegment futexWord() {
        return handle().asSlice(linen_handle.futex$offset(), linen_handle.futex$layout());
    }

    /** The dword by which Java and the thread agree on who tells of the thread's end. */
    MemorySegment watchWord() {
        return control.asSlice(linen_control.watch$offset(), linen_control.watch$layout());
    }

    /** What the function returned, without a check that it did. */
    long result() {
        return linen_exit.result(exit());
    }

    void setResult(long result) {
        linen_exit.result(exit(), result);
    }

    /** -errno when the thread ended before its function was called, otherwise 0. */
    long failure() {
        return linen_control.failure(control);
    }

}
