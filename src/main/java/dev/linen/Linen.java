package dev.linen;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.Platform;
import dev.linen.internal.binding.Trampoline;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.FaultContainment;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;

/**
 * The C interface of linen: the calls take pointers and return 0 or {@code -errno}.
 *
 * <pre>{@code
 * MemorySegment handleOut = arena.allocate(ValueLayout.ADDRESS);
 * MemorySegment resultOut = arena.allocate(ValueLayout.ADDRESS);
 * int error = Linen.threadCreate(handleOut, function, argument);
 * if (error == 0) {
 *     error = Linen.threadJoin(handleOut.get(ValueLayout.ADDRESS, 0), resultOut);
 * }
 * }</pre>
 *
 * <p>{@link NativeThread} offers the same with types and exceptions, and gives access to the stack. Arguments that
 * would crash a C program (a heap segment, a closed arena, an address that can't be executed) cause exceptions here
 * too.
 */
public final class Linen {

    /** The threads of {@code threadCreate} that haven't been joined or detached, by their handles. */
    private static final ConcurrentMap<Long, Joinable> THREADS = new ConcurrentHashMap<>();

    private record Joinable(NativeThread thread, AtomicBoolean claimed) {}

    private Linen() {}

    /** Returns how many threads haven't been joined or detached. */
    static int joinable() {
        return THREADS.size();
    }

    /**
     * Returns whether linen supports this operating system and CPU. If not, its classes can still be loaded, and calls
     * that need the kernel throw {@link UnsupportedOperationException}.
     *
     * @return true on Linux, on a CPU for which this build has a native library
     */
    public static boolean isSupported() {
        return unsupportedReason().isEmpty();
    }

    /**
     * Returns the reason why linen doesn't support this platform.
     *
     * @return a message; empty if linen supports this platform
     */
    public static Optional<String> unsupportedReason() {
        return Platform.unsupportedReason();
    }

    /**
     * Returns whether linen can be used here: it supports this platform, the JVM permits native access, and the native
     * library is loaded. A program with another way to do its work can choose by this, without catching exceptions.
     *
     * <p>The first call loads the library. If the JVM only warns about native access that wasn't granted, it warns now.
     *
     * @return false where calls would throw
     */
    public static boolean isAvailable() {
        return unavailableReason().isEmpty();
    }

    /**
     * Returns the reason why linen can't be used here, with a remedy if there is one, see {@link #isAvailable()}.
     *
     * @return the message of the exception that calls would throw; empty if linen can be used
     */
    public static Optional<String> unavailableReason() {
        return Trampoline.unavailableReason();
    }

    /**
     * Returns whether fault containment is active: a fault on a native thread then ends that thread only. The system
     * property {@code dev.linen.faults} controls it: "on" (the default), "off", or "once". With "once", linen's signal
     * handler isn't put in front again if other code has replaced it.
     *
     * @return the current state
     */
    public static FaultContainment faultContainment() {
        return FaultContainment.now();
    }

    /**
     * Starts a thread: {@code int linen_thread_create(struct {uint32_t futex, canary;} **handle, void *(*fn)(void *),
     * void *arg)}, on a stack of 2 MiB with a guard of 64 KiB.
     *
     * @param handleOut receives the handle: 8 bytes of native memory. The handle must be passed to {@link #threadJoin},
     *        {@link #threadTryJoin} or {@link #threadDetach} until one of them returns 0
     * @param function the function that the thread runs
     * @param argument the argument of the function; may be {@link MemorySegment#NULL}
     * @return 0; -EINVAL if {@code handleOut} or {@code function} is {@link MemorySegment#NULL}; otherwise the error of
     *         {@code mmap}, {@code mprotect} (-ENOMEM) or {@code clone} (-EAGAIN), after which nothing stays mapped
     * @throws IllegalArgumentException if {@code handleOut} is too small, read-only or on the Java heap; if
     *         {@code argument} is on the Java heap; if {@code function} can't be executed, see
     *         {@link NativeFunction#ofAddress}
     * @throws IllegalStateException if the arena of one of the three is closed; if that of {@code handleOut} is closed
     *         while the thread starts, the thread runs detached
     */
    public static int threadCreate(MemorySegment handleOut, MemorySegment function, MemorySegment argument) {
        if (handleOut.equals(MemorySegment.NULL) || function.equals(MemorySegment.NULL)) {
            return Errno.EINVAL.result();
        }
        requirePlace("handleOut", handleOut);
        try {
            NativeThread thread = NativeThread.start(NativeFunction.ofAddress(function), argument);
            handOver(thread, handleOut);
            return 0;
        } catch (SyscallException failed) {
            return failed.errno().result();
        }
    }

    /** If this fails, the thread runs on, detached, because no caller can ever join it. */
    private static void handOver(NativeThread thread, MemorySegment handleOut) {
        Long handle = thread.handle();
        Joinable joinable = new Joinable(thread, new AtomicBoolean());
        boolean handedOver = false;
        try {
            THREADS.put(handle, joinable);
            handleOut.set(JAVA_LONG_UNALIGNED, 0, handle); // its arena may be closed by now
            handedOver = true;
        } finally {
            if (!handedOver) {
                detach(handle, thread);
            }
        }
    }

    /**
     * Waits until a thread has ended, stores its result and releases its memory. If this returns 0, the handle is no
     * longer valid.
     *
     * @param handle a handle from {@link #threadCreate}
     * @param resultOut receives the result of the function: 8 bytes of native memory, or {@link MemorySegment#NULL}
     * @return 0; -EINVAL if there is no canary at the handle (the thread was already joined or detached), or if another
     *         thread is joining it; -EINTR if this Java thread is interrupted, in which case its interrupt status stays
     *         set; -EFAULT if the handle isn't mapped; the error of {@code sigaltstack} if the thread ended before it
     *         called the function; -ESRCH if there is a canary, but the handle isn't from {@link #threadCreate}
     * @throws NativeFaultException if the thread was killed or ended by a fault; the thread is then joined
     * @throws IllegalArgumentException if {@code resultOut} is too small, read-only or on the Java heap; if
     *         {@code handle} is on the Java heap
     * @throws IllegalStateException if the arena of {@code resultOut} is closed
     */
    public static int threadJoin(MemorySegment handle, MemorySegment resultOut) {
        return join(handle, resultOut, /* waits */ true);
    }

    /**
     * Joins a thread if it has ended, without waiting.
     *
     * @param handle a handle from {@link #threadCreate}
     * @param resultOut receives the result of the function: 8 bytes of native memory, or {@link MemorySegment#NULL}
     * @return 0; -EBUSY if the thread is still running; otherwise like {@link #threadJoin}
     * @throws NativeFaultException if the thread was killed or ended by a fault; the thread is then joined
     * @throws IllegalArgumentException if {@code resultOut} is too small, read-only or on the Java heap; if
     *         {@code handle} is on the Java heap
     * @throws IllegalStateException if the arena of {@code resultOut} is closed
     */
    public static int threadTryJoin(MemorySegment handle, MemorySegment resultOut) {
        return join(handle, resultOut, /* waits */ false);
    }

    /**
     * Detaches a thread: it can no longer be joined, and its memory is released some time after it has ended.
     *
     * @param handle a handle from {@link #threadCreate}; if this returns 0, it is no longer valid
     * @return 0; -EINVAL if another thread is joining it, or if it was already joined or detached; -EFAULT if the
     *         handle isn't mapped; -ESRCH if there is a canary, but the handle isn't from {@link #threadCreate}
     * @throws IllegalArgumentException if the handle is on the Java heap
     */
    public static int threadDetach(MemorySegment handle) {
        requireAddress(handle);
        Long key = handle.address(); // boxed before: after the claim, the heap may be full
        Joinable joinable = THREADS.get(key);
        if (joinable == null) {
            return HandleCheck.errorAt(key).result();
        }
        if (!joinable.claimed().compareAndSet(false, true)) {
            return Errno.EINVAL.result();
        }
        detach(key, joinable.thread());
        return 0;
    }

    private static void detach(Long key, NativeThread thread) {
        THREADS.remove(key);
        try {
            thread.detach();
        } catch (VirtualMachineError full) {
            // no reference to it is left, so the garbage collector detaches it
        }
    }

    private static void requireAddress(MemorySegment handle) {
        if (!handle.isNative()) {
            throw new IllegalArgumentException("the handle is on the Java heap: pass the address that threadCreate "
                    + "stored");
        }
    }

    private static int join(MemorySegment handle, MemorySegment resultOut, boolean waits) {
        requireAddress(handle);
        boolean resultWanted = !resultOut.equals(MemorySegment.NULL);
        if (resultWanted) {
            requirePlace("resultOut", resultOut);
        }
        Long key = handle.address(); // boxed before: after the claim, the heap may be full
        Joinable joinable = THREADS.get(key);
        if (joinable == null) {
            return HandleCheck.errorAt(key).result();
        }
        NativeThread thread = joinable.thread();
        if (!waits && thread.state() == NativeThread.State.RUNNING) {
            return Errno.EBUSY.result(); // before the claim, so that a poll doesn't make a concurrent join fail
        }
        if (!joinable.claimed().compareAndSet(false, true)) {
            return Errno.EINVAL.result();
        }
        int error = 0;
        try {
            long result = thread.join();
            if (resultWanted) {
                resultOut.set(JAVA_LONG_UNALIGNED, 0, result);
            }
        } catch (NativeFaultException neverReturned) {
            remove(key, thread);
            throw neverReturned;
        } catch (SyscallException neverRan) {
            error = neverRan.errno().result();
        } catch (InterruptedException interrupted) {
            joinable.claimed().set(false);
            Thread.currentThread().interrupt();
            return Errno.EINTR.result();
        } catch (RuntimeException | Error resultLost) {
            joinable.claimed().set(false); // resultOut was freed meanwhile: another call can join the thread
            throw resultLost;
        }
        remove(key, thread);
        return error;
    }

    /** Removes a thread that is joined, and frees its memory. */
    private static void remove(Long key, NativeThread thread) {
        THREADS.remove(key);
        try {
            thread.close();
        } catch (VirtualMachineError full) {
            // no reference to it is left, so the garbage collector has it closed
        }
    }

    private static void requirePlace(String name, MemorySegment place) {
        if (!place.isNative()) {
            throw new IllegalArgumentException(name + " is on the Java heap, but must be native memory: allocate it "
                    + "from an Arena");
        }
        if (!place.scope().isAlive()) {
            throw new IllegalStateException(name + " was freed: its arena is closed");
        }
        if (place.byteSize() < Long.BYTES) {
            throw new IllegalArgumentException(name + " needs 8 bytes, but the segment has only " + place.byteSize()
                    + (place.byteSize() == 0 ? ": if it is a bare address, call reinterpret(8) first" : ""));
        }
        if (place.isReadOnly()) {
            throw new IllegalArgumentException(name + " must be writable, but the segment is read-only");
        }
        if (!place.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + " is in a confined arena of another Java thread");
        }
    }
}
