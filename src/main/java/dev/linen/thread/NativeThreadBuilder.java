package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;

import dev.linen.internal.binding.Trampoline;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;

/**
 * Starts native threads: takes what they are to be like, then {@code start} maps a stack buffer, fills it in and clones.
 *
 * <pre>{@code
 * NativeThread.builder().stackSize(64 << 10).guardSize(16 << 10).start(function, 27);
 * }</pre>
 *
 * <p>Can start any number of threads. To be used by one Java thread at a time.
 */
public final class NativeThreadBuilder {

    private long stackBytes = StackGeometry.DEFAULT_STACK_BYTES;
    private long guardBytes = StackGeometry.DEFAULT_GUARD_BYTES;

    NativeThreadBuilder() {}

    /**
     * How large the stack is; 2 MiB unless said otherwise.
     *
     * @param bytes the size in bytes, at least 16 KiB; rounded up to pages
     * @return this builder
     * @throws IllegalArgumentException when there is no such size
     */
    public NativeThreadBuilder stackSize(long bytes) {
        stackBytes = StackGeometry.requireStackSize(bytes);
        return this;
    }

    /**
     * How large the guard below the stack is; 64 KiB unless said otherwise. A function whose frame is larger than the
     * guard can jump over it.
     *
     * @param bytes the size in bytes, a multiple of the page size
     * @return this builder
     * @throws IllegalArgumentException when there is no such size
     */
    public NativeThreadBuilder guardSize(long bytes) {
        guardBytes = StackGeometry.requireGuardSize(bytes);
        return this;
    }

    /**
     * Starts a thread with a pointer as its argument. The memory must outlive the thread; its arena is kept reachable
     * until the thread is closed, but not open.
     *
     * @param function what the thread runs
     * @param argument what it is called with; {@link MemorySegment#NULL} is allowed
     * @return the running thread
     * @throws IllegalArgumentException when the argument is on the Java heap
     * @throws IllegalStateException when the argument's arena is closed, or the function's library unloaded
     * @throws SyscallException of {@code mmap} or {@code mprotect} (ENOMEM: no room for the stack, or too many
     *         mappings), or {@code clone} (EAGAIN: too many threads); nothing stays mapped then
     */
    public NativeThread start(NativeFunction function, MemorySegment argument) {
        if (!argument.isNative()) {
            throw new IllegalArgumentException("the argument is on the Java heap, which a native thread can't see (the "
                    + "garbage collector moves it): allocate it from an Arena");
        }
        if (!argument.scope().isAlive()) {
            throw new IllegalStateException("the argument's memory is freed: its arena is closed");
        }
        return start(function, argument.address(), argument);
    }

    /**
     * Starts a thread with a number as its argument.
     *
     * @param function what the thread runs
     * @param argument what it is called with, as {@code (void *)argument}
     * @return the running thread
     * @throws IllegalStateException when the function's library is unloaded
     * @throws SyscallException of {@code mmap} or {@code mprotect} (ENOMEM: no room for the stack, or too many
     *         mappings), or {@code clone} (EAGAIN: too many threads); nothing stays mapped then
     */
    public NativeThread start(NativeFunction function, long argument) {
        return start(function, argument, MemorySegment.NULL);
    }

    private NativeThread start(NativeFunction function, long argument, MemorySegment keptReachable) {
        long code = function.liveAddress();
        NativeThread thread = onStack(StackPool.SHARED.take(new StackGeometry(stackBytes, guardBytes)), function, code,
                argument, keptReachable);
        // All that can fail comes before the clone: after it, the stack is in use.
        StackSlot slot = thread.stack().slot();
        long tid;
        try {
            tid = Trampoline.clone(slot.control().address(), CloneFlags.BITS);
        } catch (RuntimeException | Error notLoaded) {
            thread.notStarted();
            throw notLoaded;
        }
        if (Syscall.isError(tid)) {
            thread.notStarted();
            // or of rt_sigprocmask, which the same downcall issues first
            throw new SyscallException("clone", tid, hex(CloneFlags.BITS), hex(slot.exit().address()));
        }
        thread.started((int) tid);
        return thread;
    }

    private static NativeThread onStack(StackSlot slot, NativeFunction function, long code, long argument,
            MemorySegment keptReachable) {
        try {
            slot.prepare(code, argument);
            return new NativeThread(function, keptReachable, slot);
        } catch (RuntimeException | Error failed) {
            StackPool.SHARED.give(slot, function);
            throw failed;
        }
    }
}
