package dev.linen;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.linen.function.NativeFunction;
import dev.linen.internal.binding.Platform;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.thread.FaultContainment;
import dev.linen.thread.NativeFaultException;
import dev.linen.thread.NativeThread;

/**
 * The seed's calls, as they stand in C: pointers in, 0 or {@code -errno} out.
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
 * <p>{@link NativeThread} is the same with types, exceptions and a stack to look at. What C would take for a crash (a heap
 * segment, a closed arena, an address that can't be run) is an exception here too.
 */
public final class Linen {

    /** The threads that {@code threadCreate} made and nobody has joined, by their handles. */
    private static final ConcurrentMap<Long, Joinable> THREADS = new ConcurrentHashMap<>();

    private record Joinable(NativeThread thread, AtomicBoolean claimed) {}

    private Linen() {}

    /**
     * Whether linen works on this system and CPU. Where it doesn't, its classes load all the same, and the first call
     * that needs the kernel throws {@link UnsupportedOperationException}.
     *
     * @return true on Linux, on a CPU that this build has a native part for
     */
    public static boolean isSupported() {
        return unsupportedReason().isEmpty();
    }

    /**
     * Why linen doesn't work here.
     *
     * @return the reason, for people; empty where it works
     */
    public static Optional<String> unsupportedReason() {
        return Platform.unsupportedReason();
    }

    /**
     * Whether a fault on a native thread ends that thread only. The property {@code dev.linen.faults} decides: "on" unless said
     * otherwise; "off"; or "reinstall", which is on and puts linen's signal handler in front again when somebody has replaced
     * it.
     *
     * @return what holds now
     */
    public static FaultContainment faultContainment() {
        return FaultContainment.now();
    }

    /**
     * Starts a thread: {@code int linen_thread_create(struct {uint32_t futex, canary;} **handle, void *(*fn)(void *),
     * void *arg)}, on a stack of 2 MiB with a guard of 64 KiB.
     *
     * @param handleOut where to put the handle: 8 bytes of native memory. It must go to {@link #threadJoin},
     *        {@link #threadTryJoin} or {@link #threadDetach} until one of them returns 0
     * @param function what the thread runs
     * @param argument what it is called with; may be {@link MemorySegment#NULL}
     * @return 0; -EINVAL when the handle's place or the function is {@link MemorySegment#NULL}; otherwise -errno of
     *         {@code mmap}, {@code mprotect} (-ENOMEM) or {@code clone} (-EAGAIN), and nothing stays mapped
     * @throws IllegalArgumentException when handleOut is too small, read-only or, like the argument, on the heap; when
     *         the function isn't one that can run, see {@link NativeFunction#ofAddress}
     * @throws IllegalStateException when the arena of one of the three is closed
     */
    public static int threadCreate(MemorySegment handleOut, MemorySegment function, MemorySegment argument) {
        if (handleOut.equals(MemorySegment.NULL) || function.equals(MemorySegment.NULL)) {
            return Errno.EINVAL.result();
        }
        requirePlace("handleOut", handleOut);
        try {
            NativeThread thread = NativeThread.start(NativeFunction.ofAddress(function), argument);
            THREADS.put(thread.handle(), new Joinable(thread, new AtomicBoolean()));
            handleOut.set(JAVA_LONG_UNALIGNED, 0, thread.handle());
            return 0;
        } catch (SyscallException failed) {
            return failed.errno().result();
        }
    }

    /**
     * Waits for a thread's end, gives its result and gives its memory back. After a 0, the handle is no longer one.
     *
     * @param handle what {@link #threadCreate} gave
     * @param resultOut where to put what the function returned: 8 bytes of native memory, or {@link MemorySegment#NULL}
     * @return 0; -EINVAL when there is no canary at the handle (it was joined or detached before), or another thread has
     *         begun to join it; -EINTR when this Java thread is interrupted, and stays so; -EFAULT when nothing is
     *         mapped there; -errno of {@code sigaltstack} when the
     *         thread ended before it called the function; -ESRCH when it has a canary but isn't a
     *         handle of {@link #threadCreate}
     * @throws NativeFaultException when the thread was ended by a fault or killed; it is joined with that
     * @throws IllegalArgumentException when resultOut is too small, read-only or, like the handle, on the heap
     * @throws IllegalStateException when the arena of resultOut is closed
     */
    public static int threadJoin(MemorySegment handle, MemorySegment resultOut) {
        return join(handle, resultOut, /* waits */ true);
    }

    /**
     * Joins a thread that has ended; doesn't wait.
     *
     * @param handle what {@link #threadCreate} gave
     * @param resultOut where to put what the function returned: 8 bytes of native memory, or {@link MemorySegment#NULL}
     * @return 0; -EBUSY when it still runs; otherwise as {@link #threadJoin}
     * @throws NativeFaultException when the thread was ended by a fault or killed; it is joined with that
     * @throws IllegalArgumentException when resultOut is too small, read-only or, like the handle, on the heap
     * @throws IllegalStateException when the arena of resultOut is closed
     */
    public static int threadTryJoin(MemorySegment handle, MemorySegment resultOut) {
        return join(handle, resultOut, /* waits */ false);
    }

    /**
     * Lets a thread run on by itself: nobody will join it, and its memory is given back some time after its end.
     *
     * @param handle what {@link #threadCreate} gave; not valid any more after a 0
     * @return 0; -EINVAL when another thread has begun to join it, or it was joined or detached before; -EFAULT when nothing is
     *         mapped at the handle; -ESRCH when it has a canary but isn't a handle of {@link #threadCreate}
     * @throws IllegalArgumentException when the handle is on the heap
     */
    public static int threadDetach(MemorySegment handle) {
        requireAddress(handle);
        Joinable joinable = THREADS.get(handle.address());
        if (joinable == null) {
            return HandleCheck.errorAt(handle.address()).result();
        }
        if (!joinable.claimed().compareAndSet(false, true)) {
            return Errno.EINVAL.result();
        }
        THREADS.remove(handle.address());
        joinable.thread().detach();
        return 0;
    }

    private static void requireAddress(MemorySegment handle) {
        if (!handle.isNative()) {
            throw new IllegalArgumentException("the handle is an address that threadCreate gave, not a segment on the "
                    + "Java heap");
        }
    }

    private static int join(MemorySegment handle, MemorySegment resultOut, boolean waits) {
        requireAddress(handle);
        boolean resultWanted = !resultOut.equals(MemorySegment.NULL);
        if (resultWanted) {
            requirePlace("resultOut", resultOut);
        }
        Joinable joinable = THREADS.get(handle.address());
        if (joinable == null) {
            return HandleCheck.errorAt(handle.address()).result();
        }
        NativeThread thread = joinable.thread();
        if (!waits && thread.state() == NativeThread.State.RUNNING) {
            return Errno.EBUSY.result(); // before the claim: who only looks is in nobody's way
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
            THREADS.remove(handle.address());
            thread.close();
            throw neverReturned;
        } catch (SyscallException neverRan) {
            error = neverRan.errno().result();
        } catch (InterruptedException interrupted) {
            joinable.claimed().set(false);
            Thread.currentThread().interrupt();
            return Errno.EINTR.result();
        } catch (RuntimeException | Error resultLost) {
            joinable.claimed().set(false); // the place for the result is gone: it can be joined with another one
            throw resultLost;
        }
        THREADS.remove(handle.address());
        thread.close();
        return error;
    }

    private static void requirePlace(String name, MemorySegment place) {
        if (!place.isNative()) {
            throw new IllegalArgumentException(name + " is on the Java heap; it is 8 bytes of native memory: allocate "
                    + "it from an Arena");
        }
        if (!place.scope().isAlive()) {
            throw new IllegalStateException(name + " is freed: its arena is closed");
        }
        if (place.byteSize() < Long.BYTES) {
            throw new IllegalArgumentException(name + " is 8 bytes of native memory; this segment has "
                    + place.byteSize()
                    + (place.byteSize() == 0 ? " (a bare address: reinterpret(8) comes first)" : ""));
        }
        if (place.isReadOnly()) {
            throw new IllegalArgumentException(name + " is written to; this segment is read-only");
        }
        if (!place.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + " belongs to another Java thread: its arena is confined");
        }
    }
}
