package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.futex.Futex;
import dev.linen.internal.binding.Pthread;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A thread that libc made on our stack, from {@code pthread_create} until libc has let go of the stack.
 *
 * <p>The kernel tells libc of such a thread's end, and nobody else. So {@link ExitWatcher} joins it, when it has rung or, should
 * it have ended without a word (pthread_exit), in the next sweep; then clears the futex dword as the kernel does for others.
 * Not by set_tid_address: musl's lock on the list of its threads is released by that word.
 */
final class PosixThread {

    /** libc's own block at the top of its part of the stack is aligned to that; the exit record lies above. */
    private static final long ALIGNMENT = 64;

    /** In the futex dword until the thread has written its tid: nobody shall take it for ended. */
    private static final int NOT_BORN = -1;

    private final ControlBlock block;
    private volatile boolean created;
    private volatile long pthread;

    /** The watcher's own. */
    private boolean joined;

    PosixThread(ControlBlock block) {
        this.block = block;
    }

    ControlBlock block() {
        return block;
    }

    /** Starts it. The watcher knows it already: it may have ended before this returns. */
    void create() {
        MemorySegment stack = block.slot().stack();
        long bytes = stack.byteSize() - ALIGNMENT;
        Futex word = Futex.ofShared(block.futexWord());
        word.set(NOT_BORN);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            long result = Pthread.create(out, stack.address(), bytes, block.address());
            if (result != 0) {
                word.set(0);
                throw new SyscallException("pthread_create", result,
                        "{stack " + hex(stack.address()) + ", " + bytes + " bytes}", "linen_posix_child");
            }
            pthread = out.get(JAVA_LONG, 0);
            created = true;
        }
    }

    /** For the watcher: whether libc has let go of the stack. Nobody knows it yet. */
    boolean hasLeft() {
        if (!joined && created) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment result = arena.allocate(JAVA_LONG);
                long error = Pthread.tryJoin(pthread, result);
                if (error == 0) {
                    block.setResult(result.get(JAVA_LONG, 0)); // what it gave to pthread_exit, maybe
                }
                // EINVAL: its function called pthread_detach, and then only the kernel knows
                joined = error == 0 || (error == Errno.EINVAL.result() && !exists(block.tid()));
            }
        }
        return joined;
    }

    private static boolean exists(int tid) {
        long pid = Syscall.invoke(SyscallNumber.GETPID);
        return Syscall.invoke(SyscallNumber.TGKILL, pid, tid, /* no signal */ 0) != Errno.ESRCH.result();
    }

    /** For the watcher, once it has left. A JVM that Java ran in on it has left guard pages behind. */
    void restoreStack() {
        block.slot().restore();
    }

    /** For the watcher, at last: tells those who wait. The slot may be another's after this. */
    void sayEnded() {
        Futex word = Futex.ofShared(block.futexWord());
        word.set(0);
        word.wakeAll();
    }
}
