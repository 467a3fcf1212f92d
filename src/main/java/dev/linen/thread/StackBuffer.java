package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_handle;
import dev.linen.internal.linux.linen_slab;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackSlot;
import dev.linen.memory.HexDump;

/**
 * The memory of one native thread: its stack with a signal stack and guards, in one piece; and a control block, which lies
 * elsewhere, packed with those of others.
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
 *    ...    control  function, argument, what ended it: one for each thread
 *    ...    locals   the thread-local block (%fs on x86-64): one for many threads, can't be written to
 *    guard           no access: libc's thread-local storage would lie here, who wants it faults
 * </pre>
 *
 * <p>A thread that does nothing touches one page of its own, the top of the stack, and the ninth part of a page of control blocks.
 *
 * <p>Can be read while the thread runs and after it ended, until the thread is closed or detached; {@link IllegalStateException}
 * after that.
 */
public final class StackBuffer {

    /** {@code struct linen_handle}: the futex dword and the canary, the two topmost dwords of the buffer. */
    public static final MemoryLayout HANDLE_LAYOUT = linen_handle.layout();

    /** {@code struct linen_exit}: the result and the handle, the top 16 bytes of the buffer. */
    public static final MemoryLayout EXIT_LAYOUT = linen_exit.layout();

    /** {@code struct linen_control}: the function, its argument, the signal stack, what ended the thread. */
    public static final MemoryLayout CONTROL_LAYOUT = linen_control.layout();

    /** {@code struct linen_slab}: the thread-local block, and where the threads that share it have their memory. */
    public static final MemoryLayout THREAD_LOCALS_LAYOUT = linen_slab.layout();

    private final StackSlot slot;

    /** That of the views. Made when somebody asks for one: closing it costs a handshake with every Java thread. */
    private @Nullable Arena lifetime;
    private boolean ended;

    StackBuffer(StackSlot slot) {
        this.slot = slot;
    }

    /**
     * Ends the views' lifetime: the slot may go to another thread after that.
     *
     * @throws IllegalStateException when a Java thread is inside a native call with one of them; nothing has changed then
     */
    synchronized void endViews() {
        if (lifetime != null) {
            lifetime.close();
            lifetime = null;
        }
        ended = true;
    }

    @SuppressWarnings("MustBeClosed") // the arena: by endViews()
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
            throw new IllegalStateException(this + " can't be read any more: its thread is closed or detached");
        }
    }

    /** Reads a view, which can't be unmapped meanwhile. */
    private boolean isPosix() {
        return linen_control.thread_pointer(control()) == 0;
    }

    private StackGeometry geometry() {
        return slot.geometry();
    }

    /**
     * The lowest address of it.
     *
     * @return the address
     */
    public long address() {
        return slot.address();
    }

    /**
     * The size of all of it that is in one piece: stack, signal stack and guards.
     *
     * @return the size in bytes
     */
    public long byteSize() {
        return geometry().totalBytes();
    }

    /**
     * The address of the handle, {@code struct linen_handle}.
     *
     * @return the address of the futex dword
     */
    public long handle() {
        return slot.exit().address() + linen_exit.handle$offset();
    }

    /**
     * The stack's size, with the 16 bytes of the exit record.
     *
     * @return the size in bytes, a multiple of the page size
     */
    public long stackSize() {
        return geometry().stackBytes();
    }

    /**
     * How much of the stack a function has at the most: from the exit record down to the guard. On a thread that libc made, libc
     * takes its own part of it, some kilobytes.
     *
     * @return the size in bytes
     */
    public long usableBytes() {
        return geometry().stackBytes() - linen_exit.sizeof();
    }

    /**
     * The size of the guard below the stack.
     *
     * @return the size in bytes, a multiple of the page size
     */
    public long guardSize() {
        return geometry().guardBytes();
    }

    /**
     * The stack, with the exit record on top of it.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException when the thread is closed or detached; when libc made it and it still runs: the JVM keeps
     *         guard pages at the lower end of a stack that Java runs on, and who reads those ends the process
     */
    public MemorySegment stack() {
        MemorySegment stack = view(slot.stack());
        if (isPosix() && !ControlBlock.hasEnded(exit())) {
            throw new IllegalStateException(
                    this + " can't be read yet: its thread, which libc made, still runs, and the JVM "
                            + "may have guard pages at its lower end");
        }
        return stack;
    }

    /**
     * The exit record, {@link #EXIT_LAYOUT}: the top of the stack.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException when the thread is closed or detached
     */
    public MemorySegment exit() {
        return view(slot.exit());
    }

    /**
     * The control block, {@link #CONTROL_LAYOUT}.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException when the thread is closed or detached
     */
    public MemorySegment control() {
        return view(slot.control());
    }

    /**
     * What the thread pointer points to, {@link #THREAD_LOCALS_LAYOUT}. Other threads have the same one.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException when the thread is closed or detached
     * @throws UnsupportedOperationException when libc made the thread: its thread-local storage is libc's
     */
    public MemorySegment threadLocals() {
        if (isPosix()) {
            throw new UnsupportedOperationException(
                    this + "'s thread was made by libc: its thread-local storage is libc's");
        }
        return view(slot.threadLocals());
    }

    /**
     * How much of the stack has been in use at one time or other: its high-water mark. Asks the kernel which pages were
     * touched, at no cost to the thread. Reading pages from Java touches them too: ask before you read the whole stack. On a
     * stack that another thread used before, what that one touched counts as well.
     *
     * @return from the lowest page touched to the top, in bytes; at least the one page of the exit record
     * @throws IllegalStateException when the thread is closed or detached
     * @throws UnsupportedOperationException when the kernel doesn't tell: no {@code /proc/self/pagemap}
     */
    public long used() {
        requireOpen();
        return slot.usedBytes();
    }

    /**
     * The used part of the stack in hexadecimal, lowest address first. A row that repeats the one before is left out, and an
     * asterisk stands for it.
     *
     * @return lines like {@code "7f2c4a1fffe0  6f 00 00 00 00 00 00 00  ef be ad de 11 12 00 00  |o...............|"}
     * @throws IllegalStateException when the thread is closed or detached
     * @throws UnsupportedOperationException when it isn't known how much is used, see {@link #used()}
     */
    public String dump() {
        return dump(used());
    }

    /**
     * The top of the stack in hexadecimal, lowest address first.
     *
     * @param bytes how much of it; all of it when it has less
     * @return lines as {@link #dump()} has them
     * @throws IllegalArgumentException when the number is negative
     * @throws IllegalStateException when the thread is closed or detached
     */
    public String dump(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a dump has 0 bytes or more, not " + bytes);
        }
        MemorySegment stack = stack();
        return HexDump.of(stack.asSlice(Math.max(0, stack.byteSize() - bytes)));
    }

    /**
     * The drawing above, with this buffer's addresses and values.
     *
     * @return several lines of text
     * @throws IllegalStateException when the thread is closed or detached
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
     * What and where it is.
     *
     * @return "StackBuffer[0x7f2c4a000000, 2191360 bytes]"
     */
    @Override
    public String toString() {
        return "StackBuffer[" + hex(address()) + ", " + byteSize() + " bytes]";
    }
}
