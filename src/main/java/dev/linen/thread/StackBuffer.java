package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.binding.Pthread;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_handle;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackSlot;
import dev.linen.internal.stack.ThreadLocals;
import dev.linen.memory.HexDump;

/**
 * The memory of one native thread. The stack, a signal stack and guards are one contiguous range; the control block is
 * in another place, next to those of other threads.
 *
 * <pre>
 *  (top)
 *    dword  canary   0xDEADBEEF
 *    dword  futex    the tid, then 0                        &lt;- handle
 *    qword  result   what the function returned             handle - 8
 *    ...    stack    grows down from the result; the stack pointer is 16-byte aligned at the call
 *    guard           no access: a stack overflow faults here
 *    ...    signal stack
 *    guard           no access: an array overrun on the stack below faults here
 *  (bottom)
 *
 *    ...    control  the function, its argument, the signal that ended the thread: one for each thread
 *    ...    locals   the thread-local block (at %fs on x86-64, TPIDR_EL0 on aarch64): one for many threads, read-only
 *    guard           no access: where libc's thread-local storage would be (below the block on x86-64, above it on
 *                    aarch64); functions that use it fault here
 * </pre>
 *
 * <p>A thread that does nothing touches one page of its own, the top of the stack, and a control block of 448
 * bytes in a page that it shares.
 *
 * <p>The memory can be read while the thread runs and after it has ended, until the thread is closed or detached. From
 * then on, the methods throw {@link IllegalStateException}.
 */
public final class StackBuffer {

    /** {@code struct linen_handle}: the futex dword and the canary, the two topmost dwords of the buffer. */
    public static final MemoryLayout HANDLE_LAYOUT = linen_handle.layout();

    /** {@code struct linen_exit}: the result and the handle, the top 16 bytes of the buffer. */
    public static final MemoryLayout EXIT_LAYOUT = linen_exit.layout();

    /** {@code struct linen_control}: the function, its argument, the signal stack, the signal that ended the thread. */
    public static final MemoryLayout CONTROL_LAYOUT = linen_control.layout();

    /** {@code struct linen_tls}: the thread-local block, which differs by CPU. */
    public static final MemoryLayout THREAD_LOCALS_LAYOUT = ThreadLocals.ofThisCpu().layout();

    private final StackSlot slot;

    /**
     * The lifetime of the views. Created with the first view, because closing it costs a handshake with every Java
     * thread.
     */
    private @Nullable Arena lifetime;
    private boolean ended;

    StackBuffer(StackSlot slot) {
        this.slot = slot;
    }

    /**
     * Ends the lifetime of the views, so that the slot can be used for another thread.
     *
     * @throws IllegalStateException if a Java thread is in a native call with one of the views; nothing has changed
     *         then
     */
    synchronized void endViews() {
        if (lifetime != null) {
            StackRoom.require(); // an arena half closed can't be closed again
            lifetime.close();
            lifetime = null;
        }
        ended = true;
    }

    @SuppressWarnings("MustBeClosed") // endViews() closes the arena
    private synchronized MemorySegment view(MemorySegment memory) {
        requireOpen();
        Arena arena = lifetime;
        if (arena == null) {
            arena = Arena.ofShared();
            lifetime = arena;
        }
        return memory.reinterpret(arena, null).asReadOnly();
    }

    private synchronized void requireOpen() {
        if (ended) {
            throw new IllegalStateException(this + " can't be read any more: its thread was closed or detached");
        }
    }

    /** Reads a view, which can't be unmapped during the access. */
    private boolean isPosix() {
        return linen_control.thread_pointer(control()) == 0;
    }

    private StackGeometry geometry() {
        return slot.geometry();
    }

    /**
     * Returns the lowest address of the buffer.
     *
     * @return the address
     */
    public long address() {
        return slot.address();
    }

    /**
     * Returns the size of the contiguous range: the stack, the signal stack and the guards.
     *
     * @return the size in bytes
     */
    public long byteSize() {
        return geometry().totalBytes();
    }

    /**
     * Returns the address of the handle, {@code struct linen_handle}.
     *
     * @return the address of the futex dword
     */
    public long handle() {
        return slot.exit().address() + linen_exit.handle$offset();
    }

    /**
     * Returns the size of the stack, including the 16 bytes of the exit record.
     *
     * @return the size in bytes, a multiple of the page size
     */
    public long stackSize() {
        return geometry().stackBytes();
    }

    /**
     * Returns the size of the stack that a function can use at most: from the exit record down to the guard. If libc
     * created the thread, libc uses some kilobytes of it for itself.
     *
     * @return the size in bytes
     */
    public long usableBytes() {
        return geometry().stackBytes() - linen_exit.sizeof();
    }

    /**
     * Returns the size of the guard below the stack.
     *
     * @return the size in bytes, a multiple of the page size
     */
    public long guardSize() {
        return geometry().guardBytes();
    }

    /**
     * Returns the stack, with the exit record at its top.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException if the thread is closed or detached; or if libc created the thread and it still
     *         runs: the JVM keeps guard pages at the lower end of a stack that runs Java, and reading them ends the
     *         process
     */
    public MemorySegment stack() {
        MemorySegment stack = view(slot.stack());
        if (isPosix() && !ControlBlock.hasEnded(exit())) {
            throw new IllegalStateException(this + " can't be read yet: libc created its thread, which still runs, and "
                    + "the JVM may have guard pages at the lower end of the stack");
        }
        return stack;
    }

    /**
     * Returns the exit record, {@link #EXIT_LAYOUT}: the top of the stack.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException if the thread is closed or detached
     */
    public MemorySegment exit() {
        return view(slot.exit());
    }

    /**
     * Returns the control block, {@link #CONTROL_LAYOUT}.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException if the thread is closed or detached
     */
    public MemorySegment control() {
        return view(slot.control());
    }

    /**
     * Returns the memory at the thread pointer, {@link #THREAD_LOCALS_LAYOUT}. Other threads share it.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException if the thread is closed or detached
     * @throws UnsupportedOperationException if libc created the thread, because its thread-local storage is libc's
     */
    public MemorySegment threadLocals() {
        if (isPosix()) {
            throw new UnsupportedOperationException(this + " has no thread-local block: libc created its thread, which "
                    + "uses libc's thread-local storage");
        }
        return view(slot.threadLocals());
    }

    /**
     * Returns how much of the stack has been used so far, the high-water mark. The kernel is asked which pages were
     * touched, at no cost to the thread. Reading pages from Java touches them, too: call this method before you read
     * the whole stack. If another thread used the stack before, the pages that it touched are included.
     *
     * @return the size in bytes from the lowest touched page to the top; at least one page, that of the exit record
     * @throws IllegalStateException if the thread is closed or detached
     * @throws UnsupportedOperationException if the kernel doesn't provide {@code /proc/self/pagemap}; or if libc has
     *         created the thread, and has discarded the used pages when it ended, as glibc does before 2.32
     */
    public long used() {
        requireOpen();
        long used = slot.usedBytes();
        if (isPosix() && Pthread.discardsStacks() && isEnding()) {
            throw new UnsupportedOperationException("how much of the stack was used is unknown, because this libc has "
                    + "discarded its pages when the thread ended (glibc before 2.32)");
        }
        return used;
    }

    /** Whether the thread has announced its end, or ended without. */
    private boolean isEnding() {
        return ControlBlock.isEnding(control()) || ControlBlock.hasEnded(exit());
    }

    /**
     * Returns the used part of the stack in hexadecimal, lowest address first. Rows that repeat the previous one are
     * replaced by an asterisk.
     *
     * @return lines like {@code "7f2c4a1fffe0 6f 00 00 00 00 00 00 00  ef be ad de 11 12 00 00 |o...............|"}
     * @throws IllegalStateException if the thread is closed or detached
     * @throws UnsupportedOperationException if it isn't known how much is used, see {@link #used()}
     */
    public String dump() {
        return dump(used());
    }

    /**
     * Returns the top of the stack in hexadecimal, lowest address first.
     *
     * @param bytes the size in bytes; if the stack is smaller, all of it is returned
     * @return lines in the form of {@link #dump()}
     * @throws IllegalArgumentException if the size is negative
     * @throws IllegalStateException if the thread is closed or detached
     */
    public String dump(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the size of a dump must be 0 bytes or more, not " + bytes);
        }
        MemorySegment stack = stack();
        return HexDump.of(stack.asSlice(Math.max(0, stack.byteSize() - bytes)));
    }

    /**
     * Returns the drawing above, with this buffer's addresses and values.
     *
     * @return several lines of text
     * @throws IllegalStateException if the thread is closed or detached
     */
    public String sketch() {
        String used;
        try {
            used = StackSketch.size(used());
        } catch (UnsupportedOperationException unknown) {
            used = "an unknown part";
        }
        return new StackSketch(geometry(), address(), used, exit(), control())
                .withThreadLocals(isPosix() ? null : threadLocals()).toString();
    }

    /**
     * Returns the address and the size.
     *
     * @return "StackBuffer[0x7f2c4a000000, 2191360 bytes]"
     */
    @Override
    public String toString() {
        return "StackBuffer[" + hex(address()) + ", " + byteSize() + " bytes]";
    }
}
