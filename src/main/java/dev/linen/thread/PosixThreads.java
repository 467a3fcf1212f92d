package dev.linen.thread;

import static dev.linen.syscall.SyscallException.hex;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import dev.linen.futex.Futex;
import dev.linen.internal.binding.Pthread;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * The threads that libc made on our stacks, from {@code pthread_create} until libc has let go of the stack.
 *
 * <p>The kernel tells libc of such a thread's end, and nobody else. So {@link ExitWatcher} joins it, when it has rung or, should
 * it have ended without a word (pthread_exit), in the next sweep; then clears the futex dword as the kernel does for others.
 * Not by set_tid_address: musl's lock on the list of its threads is released by that word.
 */
final class PosixThreads {

    /** libc's own block at the top of its part of the stack is aligned to that; the exit record lies above. */
    private static final long ALIGNMENT = 64;

    private static final VarHandle FUTEX = ValueLayout.JAVA_INT.varHandle();

    /** By the addresses of their control blocks. */
    private static final Map<Long, Running> RUNNING = new ConcurrentHashMap<>();

    private record Running(StackSlot slot, long pthread, boolean joined) {}

    private PosixThreads() {}

    /** Starts the thread that the slot describes. The watcher sees it off. */
    static void create(StackSlot slot) {
        MemorySegment stack = slot.stack();
        long bytes = stack.byteSize() - ALIGNMENT;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pthread = arena.allocate(JAVA_LONG);
            long result = Pthread.create(pthread, stack.address(), bytes, slot.control().address());
            if (result != 0) {
                throw new SyscallException("pthread_create", result,
                        "{stack " + hex(stack.address()) + ", " + bytes + " bytes}", "linen_posix_child");
            }
            RUNNING.put(slot.control().address(), new Running(slot, pthread.get(JAVA_LONG, 0), /* joined */ false));
        }
        ExitWatcher.watch(slot);
    }

    static boolean isEmpty() {
        return RUNNING.isEmpty();
    }

    /** Those that have ended, whether they rang or not. Joined with that, but nobody knows it yet. */
    static List<Long> ended() {
        return RUNNING.keySet().stream().filter(PosixThreads::isJoined).toList();
    }

    /**
     * Sees a thread off.
     *
     * @return false when it still runs; true when it has ended, or isn't one of libc's
     */
    static boolean seeOff(long control) {
        if (!isJoined(control)) {
            return false;
        }
        Running running = RUNNING.remove(control); // first: the slot is another's as soon as the dword is clear
        if (running != null) {
            MemorySegment word = running.slot().futexWord();
            FUTEX.setRelease(word, 0L, 0);
            Futex.ofShared(word).wakeAll();
        }
        return true;
    }

    private static boolean isJoined(long control) {
        Running running = RUNNING.get(control);
        if (running == null || running.joined()) {
            return true;
        }
        StackSlot slot = running.slot();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(JAVA_LONG);
            long error = Pthread.tryJoin(running.pthread(), result);
            if (error == 0) {
                slot.setResult(result.get(JAVA_LONG, 0)); // what it gave to pthread_exit, maybe
            } else if (error != Errno.EINVAL.result() || exists(slot.tid())) {
                return false; // it runs; or its function called pthread_detach, and then only the kernel knows
            }
            RUNNING.put(control, new Running(slot, running.pthread(), /* joined */ true));
            return true;
        }
    }

    private static boolean exists(int tid) {
        long pid = Syscall.invoke(SyscallNumber.GETPID);
        return Syscall.invoke(SyscallNumber.TGKILL, pid, tid, /* no signal */ 0) != Errno.ESRCH.result();
    }
}
