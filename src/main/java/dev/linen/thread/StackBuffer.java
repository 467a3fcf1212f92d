package dev.linen.thread;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

import org.jspecify.annotations.Nullable;

import dev.linen.internal.linux.Kernel;
import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_control;
import dev.linen.internal.linux.linen_exit;
import dev.linen.internal.linux.linen_handle;
import dev.linen.internal.linux.linen_tls;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.AuxiliaryVector;

/**
 * The memory of one native thread: its stack, its control block, and the guards around them, in one mapping.
 *
 * <pre>
 *  (top of the mapping)
 *    dword  canary   0xDEADBEEF
 *    dword  futex    the tid, then 0                        &lt;- handle
 *    qword  result   what the function returned             handle - 8
 *    ...    stack    grows down from the result; the stack pointer is 16-byte aligned at the call
 *    guard           PROT_NONE: a stack overflow faults here
 *    ...    signal stack
 *    ...    control  thread-local block (%fs on x86-64), function, argument; starts at a page's start
 *    guard           PROT_NONE: libc's thread-local storage would lie here, who wants it faults
 *  (bottom of the mapping)
 * </pre>
 *
 * <p>A thread that does nothing touches two pages: the top of the stack and the control block.
 *
 * <p>Can be read while the thread runs and after it ended, until the thread is closed; {@link IllegalStateException}
 * after that.
 */
public final class StackBuffer {

    /** {@code struct linen_handle}: the futex dword and the canary, the two topmost dwords of the buffer. */
    public static final MemoryLayout HANDLE_LAYOUT = linen_handle.layout();

    /** {@code struct linen_exit}: the result and the handle, the top 16 bytes of the buffer. */
    public static final MemoryLayout EXIT_LAYOUT = linen_exit.layout();

    /** {@code struct linen_control}: the thread-local block, the function, its argument, the signal stack. */
    public static final MemoryLayout CONTROL_LAYOUT = linen_control.layout();

    /**
     * What gcc's -fstack-protector compares: from the kernel's 16 random bytes for this process, as glibc takes it. Its
     * lowest byte is 0 and so ends a string that overflows. A secret: it isn't drawn.
     */
    private static final long STACK_GUARD = stackGuard();

    private final Mapping mapping;
    private final StackGeometry geometry;

    /** That of the views; made when somebody asks for one, as a Mapping's is. */
    private @Nullable Arena lifetime;
    private boolean ended;

    /**
     * The mapping without a lifetime, for those who know that it is there: before the thread is started, and inside
     * NativeThread's enter and leave.
     */
    private final MemorySegment raw;

    private StackBuffer(Mapping mapping, StackGeometry geometry) {
        this.mapping = mapping;
        this.geometry = geometry;
        this.raw = MemorySegment.ofAddress(mapping.address()).reinterpret(mapping.byteSize());
    }

    private static long stackGuard() {
        OptionalLong random = AuxiliaryVector.get(Kernel.AT_RANDOM());
        long bytes = random.isPresent()
                ? MemorySegment.ofAddress(random.getAsLong()).reinterpret(Long.BYTES).get(JAVA_LONG_UNALIGNED, 0)
                : LinenH.LINEN_TLS_MAGIC();
        return bytes & ~0xFFL;
    }

    /** Maps a buffer; nothing stays mapped when one of the calls fails. */
    static StackBuffer map(StackGeometry geometry) {
        Mapping mapping = Mapping.anonymous(geometry.totalBytes(), Protection.READ_WRITE,
                MapFlags.PRIVATE.with(MapFlags.STACK));
        try {
            mapping.protect(0, geometry.tlsGuardBytes(), Protection.NONE);
            mapping.protect(geometry.guardOffset(), geometry.guardBytes(), Protection.NONE);
            return new StackBuffer(mapping, geometry);
        } catch (RuntimeException | Error failed) {
            mapping.close();
            throw failed;
        }
    }

    /**
     * Ends the views' lifetime. After that, unmapping can't be refused any more.
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
        if (ended) {
            throw new IllegalStateException(this + " can't be read any more: its thread is closed");
        }
        Arena arena = lifetime;
        if (arena == null) {
            arena = Arena.ofShared();
            lifetime = arena;
        }
        return memory.reinterpret(arena, null).asReadOnly();
    }

    /** Writes what the thread will find: the handle's canary and the control block. */
    void prepare(long function, long argument) {
        MemorySegment control = control(raw);
        MemorySegment tls = linen_control.tls(control);
        linen_tls.self(tls, tls.address());
        linen_tls.magic(tls, LinenH.LINEN_TLS_MAGIC());
        linen_tls.poison(tls, LinenH.LINEN_TLS_MAGIC());
        linen_tls.stack_guard(tls, STACK_GUARD);
        linen_control.function(control, function);
        linen_control.argument(control, argument);
        linen_control.exit(control, mapping.address() + geometry.exitOffset());
        linen_control.signal_stack(control, mapping.address() + geometry.signalStackOffset());
        linen_control.signal_stack_bytes(control, geometry.signalStackBytes());
        linen_handle.canary(linen_exit.handle(exit(raw)), LinenH.LINEN_CANARY());
    }

    private MemorySegment control(MemorySegment whole) {
        return whole.asSlice(geometry.controlOffset(), linen_control.layout());
    }

    private MemorySegment exit(MemorySegment whole) {
        return whole.asSlice(geometry.exitOffset(), linen_exit.layout());
    }

    /** Where the stack pointer starts. */
    long exitAddress() {
        return mapping.address() + geometry.exitOffset();
    }

    long controlAddress() {
        return mapping.address() + geometry.controlOffset();
    }

    StackGeometry geometry() {
        return geometry;
    }

    /** The futex dword, without a lifetime. */
    MemorySegment rawFutexWord() {
        return linen_exit.handle(exit(raw)).asSlice(linen_handle.futex$offset(), linen_handle.futex$layout());
    }

    /** What the function returned, without a check that it did. */
    long rawResult() {
        return linen_exit.result(exit(raw));
    }

    /** -errno when the thread ended before its function was called, otherwise 0. */
    long rawFailure() {
        return linen_control.failure(control(raw));
    }

    void unmap() {
        mapping.close();
    }

    /**
     * The lowest address of the mapping.
     *
     * @return the address
     */
    public long address() {
        return mapping.address();
    }

    /**
     * The size of all of it: stack, control block and guards.
     *
     * @return the size in bytes
     */
    public long byteSize() {
        return mapping.byteSize();
    }

    /**
     * The address of the handle, {@code struct linen_handle}.
     *
     * @return the address of the futex dword
     */
    public long handle() {
        return mapping.address() + geometry.exitOffset() + linen_exit.handle$offset();
    }

    /**
     * The stack's size, with the 16 bytes of the exit record.
     *
     * @return the size in bytes, a multiple of the page size
     */
    public long stackSize() {
        return geometry.stackBytes();
    }

    /**
     * The size of the guard below the stack.
     *
     * @return the size in bytes, a multiple of the page size
     */
    public long guardSize() {
        return geometry.guardBytes();
    }

    /**
     * The stack, with the exit record on top of it.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException when the thread is closed
     */
    public MemorySegment stack() {
        return view(raw.asSlice(geometry.stackOffset(), geometry.stackBytes()));
    }

    /**
     * The exit record, {@link #EXIT_LAYOUT}: the top of the stack.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException when the thread is closed
     */
    public MemorySegment exit() {
        return view(exit(raw));
    }

    /**
     * The control block, {@link #CONTROL_LAYOUT}.
     *
     * @return a read-only view of the live memory
     * @throws IllegalStateException when the thread is closed
     */
    public MemorySegment control() {
        return view(control(raw));
    }

    /**
     * How much of the stack has been in use at one time or other: its high-water mark. Asks the kernel which pages were
     * touched, at no cost to the thread. Reading pages from Java touches them too: ask before you read the whole stack.
     *
     * @return from the lowest page touched to the top, in bytes; at least the one page of the exit record
     * @throws IllegalStateException when the thread is closed
     * @throws UnsupportedOperationException when the kernel doesn't tell: no {@code /proc/self/pagemap}
     */
    public long used() {
        MemorySegment stack = stack();
        return stack.byteSize() - TouchedPages.firstIn(stack).orElse(stack.byteSize() - Mapping.pageSize());
    }

    /**
     * The drawing above, with this buffer's addresses and values.
     *
     * @return several lines of text
     * @throws IllegalStateException when the thread is closed
     */
    public String sketch() {
        return new StackSketch(this).toString();
    }

    /**
     * What and where it is.
     *
     * @return "StackBuffer[0x7f2c4a000000, 2195456 bytes]"
     */
    @Override
    public String toString() {
        return "StackBuffer[0x" + Long.toHexString(address()) + ", " + byteSize() + " bytes]";
    }
}
