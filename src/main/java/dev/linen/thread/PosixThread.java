package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.futex.Futex;
import dev.linen.internal.binding.Pthread;
import dev.linen.internal.binding.StackRoom;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.memory.Mapping;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A thread that libc creates on a stack of linen's, from {@code pthread_create} until libc no longer uses the stack.
 *
 * <p>The kernel reports the end of such a thread to libc only. Therefore {@link ExitWatcher} joins it: when the thread
 * has announced its end or, if it ended without an announcement (pthread_exit), in the next sweep. It then clears the
 * futex dword, as the kernel does for cloned threads. The dword can't be passed to set_tid_address, because the word
 * that libc passes there is, in musl, the lock of its thread list.
 */
final class PosixThread {

    /** The alignment of libc's own block, which is at the top of its part of the stack, below the exit record. */
    private static final long ALIGNMENT = 64;

    /** Where the search for the smallest stack ends. */
    private static final long MOST_REQUIRED = 1 << 20;

    /** The value of the futex dword until the thread has written its tid: 0 would mean that the thread has ended. */
    private static final int NOT_STARTED = -1;

    private final ControlBlock block;
    private final Futex word;
    private volatile boolean created;
    private volatile long pthread;

    /** Used by the watcher only. */
    private boolean joined;

    PosixThread(ControlBlock block) {
        this.block = block;
        this.word = Futex.ofShared(block.futexWord());
    }

    ControlBlock block() {
        return block;
    }

    /** Returns whether libc has created the thread. */
    boolean isCreated() {
        return created;
    }

    /** Returns the smallest stack, in whole pages, that libc accepts for a thread. */
    static long leastStackBytes() {
        return Least.STACK_BYTES;
    }

    private static final class Least {
        static final long STACK_BYTES = search();

        /** No stream: linking its lambdas takes a lot of the Java stack. */
        private static long search() {
            long bytes = StackGeometry.LEAST_STACK_BYTES;
            while (bytes < MOST_REQUIRED && !Pthread.accepts(bytes - ALIGNMENT)) {
                bytes += Mapping.pageSize();
            }
            return bytes;
        }
    }

    /** Starts the thread. The watcher must know it before, because it may end before this method returns. */
    void create() {
        MemorySegment stack = block.slot().stack();
        long bytes = stack.byteSize() - ALIGNMENT;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            StackRoom.require();
            block.slot().fetchPages(); // an old libc has discarded them at the end of the thread before
            word.set(NOT_STARTED);
            long result = Pthread.create(out, stack.address(), bytes, block.address());
            if (result != 0) {
                throw new SyscallException("pthread_create", result,
                        "{stack " + hex(stack.address()) + ", " + bytes + " bytes}", "linen_posix_child");
            }
            pthread = out.get(JAVA_LONG, 0);
            created = true;
        } finally {
            if (!created) {
                word.set(0);
            }
        }
    }

    /** For the watcher: returns whether libc no longer uses the stack. Waiting callers aren't notified yet. */
    boolean hasReleasedStack() {
        if (!joined && created) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment result = arena.allocate(JAVA_LONG);
                long error = Pthread.tryJoin(pthread, result);
                if (error == 0) {
                    block.setResult(result.get(JAVA_LONG, 0)); // this may be the argument of pthread_exit
                }
                // EINVAL: the function has called pthread_detach, so only the kernel knows whether the thread exists
                joined = error == 0 || (error == Errno.EINVAL.result() && !exists(block.tid()));
            }
        }
        return joined;
    }

    private static boolean exists(int tid) {
        long pid = Syscall.invoke(SyscallNumber.GETPID);
        return Syscall.invoke(SyscallNumber.TGKILL, pid, tid, /* no signal */ 0) != Errno.ESRCH.result();
    }

    /**
     * For the watcher, once libc no longer uses the stack. If Java ran on the thread, the JVM has left guard pages
     * there.
     */
    void restoreStack() {
        block.slot().restore();
    }

    /**
     * For the watcher, as the last step: wakes the callers that wait. Afterwards the slot may belong to another thread.
     */
    void signalEnd() {
        word.set(0);
        word.wakeAll();
    }
}
