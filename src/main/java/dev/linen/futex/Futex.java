package dev.linen.futex;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;

import dev.linen.internal.binding.Trampoline;
import dev.linen.internal.linux.Kernel;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A 32-bit word of memory that threads can wait on: {@code long futex(uint32_t *uaddr, int op, uint32_t val, ...)}.
 *
 * <p>The kernel blocks a thread if the word still has the value that the thread has seen, and unblocks it when another
 * thread wakes it. The meaning of the values is up to the application.
 *
 * <pre>{@code
 * Futex ready = Futex.ofPrivate(word);        // waiting thread      // waking thread
 * while (ready.value() == 0) {                                       ready.set(1);
 *     ready.await(0);                                                ready.wakeAll();
 * }
 * }</pre>
 *
 * <p>Always wait in a loop: a wait may end without a reason, and a wake may be a late one from an earlier use of the
 * address. Waiting and waking allocate nothing, except for the 16 bytes of a deadline once per thread.
 *
 * <p><b>Private or shared.</b> A private futex is faster, because the kernel looks it up by its address, but only this
 * process can use it. A {@linkplain #ofShared shared} futex is needed to wait in another process, and for the wake that
 * the kernel does itself when a thread ends. A wait on a private futex is never ended by a wake on a shared one, or the
 * other way round.
 *
 * <p>If a virtual thread waits, its carrier thread is blocked too.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/futex.2.html">futex(2)</a>
 */
public final class Futex {

    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

    /** How long an interrupt may go unnoticed. */
    private static final long INTERRUPT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final MemorySegment word;
    private final int privateFlag;

    /** Whether the memory could be freed while a thread waits. It is then kept during the call. */
    private final boolean freeable;

    private Futex(MemorySegment word, int privateFlag) {
        this.word = word;
        this.freeable = !word.scope().equals(Arena.global().scope());
        this.privateFlag = privateFlag;
    }

    /** How a wait ended. */
    public enum Wait {

        /** This thread was woken, or the wait ended without a reason: check the value. */
        WOKEN,

        /** The word didn't have the expected value, and the thread didn't wait. */
        VALUE_CHANGED,

        /** The deadline passed. */
        TIMED_OUT,

        /** A signal handler ran on this thread. */
        INTERRUPTED
    }

    /**
     * Returns a futex for the threads of this process.
     *
     * @param word the memory, of which the first 4 bytes are used: native and 4-byte aligned; the caller must keep it
     *        allocated. If it is read-only, threads can wait for it and be woken, but not change it
     * @return the futex
     * @throws IllegalArgumentException if the segment is smaller than 4 bytes, misaligned or on the Java heap
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static Futex ofPrivate(MemorySegment word) {
        return new Futex(requireWord(word), Kernel.FUTEX_PRIVATE_FLAG);
    }

    /**
     * Returns a futex that also works between processes that map the same memory, and with the wake that the kernel
     * does when a thread ends ({@code CLONE_CHILD_CLEARTID}).
     *
     * @param word the memory, of which the first 4 bytes are used: native and 4-byte aligned; the caller must keep it
     *        allocated. If it is read-only, threads can wait for it and be woken, but not change it
     * @return the futex
     * @throws IllegalArgumentException if the segment is smaller than 4 bytes, misaligned or on the Java heap
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static Futex ofShared(MemorySegment word) {
        return new Futex(requireWord(word), 0);
    }

    private static MemorySegment requireWord(MemorySegment word) {
        if (!word.isNative()) {
            throw new IllegalArgumentException("the futex word is on the Java heap, which the kernel can't access: "
                    + "allocate it from an Arena");
        }
        if (word.byteSize() < Integer.BYTES) {
            throw new IllegalArgumentException("a futex needs 4 bytes, but the segment has only " + word.byteSize());
        }
        if (word.address() % Integer.BYTES != 0) {
            throw new IllegalArgumentException("a futex must be 4-byte aligned, but the segment starts at "
                    + hex(word.address()));
        }
        requireAlive(word);
        return word.asSlice(0, Integer.BYTES);
    }

    private static void requireAlive(MemorySegment word) {
        if (!word.scope().isAlive()) {
            throw freed();
        }
    }

    /** Also where the JDK says only "Already closed". */
    private static IllegalStateException freed() {
        return new IllegalStateException("the memory of this futex was freed: its arena is closed");
    }

    private void requireWritable() {
        if (word.isReadOnly()) {
            throw new UnsupportedOperationException("this futex is in a read-only segment: a thread can wait for it, "
                    + "but not change it");
        }
    }

    /**
     * Returns the value of the word, with the memory effects of a volatile read.
     *
     * @return the value
     * @throws IllegalStateException if the segment's arena is closed
     */
    public int value() {
        try {
            return (int) WORD.getVolatile(word, 0L);
        } catch (IllegalStateException closed) {
            throw freed();
        }
    }

    /**
     * Sets the word, with the memory effects of a volatile write. Doesn't wake any thread.
     *
     * @param value the new value
     * @throws IllegalStateException if the segment's arena is closed
     * @throws UnsupportedOperationException if the segment is read-only
     */
    public void set(int value) {
        requireWritable();
        try {
            WORD.setVolatile(word, 0L, value);
        } catch (IllegalStateException closed) {
            throw freed();
        }
    }

    /**
     * Sets the word if it has the expected value, like {@code AtomicInteger.compareAndSet}. Doesn't wake any thread.
     *
     * @param expected the expected value
     * @param value the new value
     * @return true if the word had the expected value and was set
     * @throws IllegalStateException if the segment's arena is closed
     * @throws UnsupportedOperationException if the segment is read-only
     */
    public boolean compareAndSet(int expected, int value) {
        requireWritable();
        try {
            return WORD.compareAndSet(word, 0L, expected, value);
        } catch (IllegalStateException closed) {
            throw freed();
        }
    }

    /**
     * Waits while the word has this value: {@code FUTEX_WAIT_BITSET}, without a time limit. Since Linux 2.6.25. While a
     * thread waits, the segment's arena, or its {@code Mapping}, can't be closed.
     *
     * @param expected the value that the thread has seen
     * @return how the wait ended; never {@link Wait#TIMED_OUT}
     * @throws IllegalStateException if the segment's arena is closed
     * @throws SyscallException EFAULT: the word is no longer mapped
     */
    public Wait await(int expected) {
        return await(expected, MemorySegment.NULL);
    }

    /**
     * Waits while the word has this value, at most until a deadline: {@code FUTEX_WAIT_BITSET} with an absolute
     * {@code CLOCK_MONOTONIC} time. A loop can use the same deadline for every wait.
     *
     * @param expected the value that the thread has seen
     * @param deadlineNanoTime the deadline, in nanoseconds of {@link System#nanoTime()}; a negative time, such as a sum
     *        that has overflowed, has already passed
     * @return how the wait ended
     * @throws IllegalStateException if the segment's arena is closed
     * @throws SyscallException EFAULT: the word is no longer mapped
     */
    public Wait awaitUntil(int expected, long deadlineNanoTime) {
        return await(expected, Deadline.timespec(deadlineNanoTime));
    }

    /**
     * Waits like {@link #awaitUntil}, but can be interrupted. It looks every 10 ms whether it is: a wake of a word that
     * keeps its value may be missed meanwhile, so the waker must change the value first.
     *
     * @param expected the value that the thread has seen
     * @param deadlineNanoTime the deadline, in nanoseconds of {@link System#nanoTime()}; {@code Long.MAX_VALUE} for
     * none
     * @return how the wait ended
     * @throws InterruptedException if this thread is interrupted before or during the wait
     * @throws IllegalStateException if the segment's arena is closed
     * @throws SyscallException EFAULT: the word is no longer mapped
     */
    public Wait awaitInterruptibly(int expected, long deadlineNanoTime) throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            long slice = Math.min(deadlineNanoTime, System.nanoTime() + INTERRUPT_NANOS);
            Wait wait = awaitUntil(expected, slice);
            if (wait != Wait.TIMED_OUT || slice == deadlineNanoTime) {
                return wait;
            }
        }
    }

    private Wait await(int expected, MemorySegment timespec) {
        long address = liveAddress();
        int wait = Kernel.FUTEX_WAIT_BITSET | privateFlag;
        long result = freeable
                ? awaitHolding(wait, expected, timespec)
                : Syscall.invoke(SyscallNumber.FUTEX, address, wait, expected, timespec.address(), 0,
                        Kernel.FUTEX_BITSET_MATCH_ANY);
        if (result == 0) {
            return Wait.WOKEN;
        } else if (result == Errno.EAGAIN.result()) {
            return Wait.VALUE_CHANGED;
        } else if (result == Errno.ETIMEDOUT.result()) {
            return Wait.TIMED_OUT;
        } else if (result == Errno.EINTR.result()) {
            return Wait.INTERRUPTED;
        }
        throw new SyscallException("futex", result, hex(address), operation("FUTEX_WAIT_BITSET"), expected,
                timespec.equals(MemorySegment.NULL) ? "NULL" : hex(timespec.address()), "NULL",
                "FUTEX_BITSET_MATCH_ANY");
    }

    private long awaitHolding(int wait, int expected, MemorySegment timespec) {
        try {
            return Trampoline.syscallHolding(SyscallNumber.FUTEX, word, wait, expected, timespec.address(), 0,
                    Kernel.FUTEX_BITSET_MATCH_ANY);
        } catch (IllegalStateException closedMeanwhile) {
            throw freed();
        }
    }

    /**
     * Wakes threads that wait on this word: {@code FUTEX_WAKE}.
     *
     * @param count the maximum number of threads to wake
     * @return the number of threads that were woken
     * @throws IllegalArgumentException if the count is negative
     * @throws IllegalStateException if the segment's arena is closed
     * @throws SyscallException EFAULT: the word is no longer mapped (shared futexes only)
     */
    public int wake(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("the number of threads to wake must be 0 or more, not " + count);
        }
        if (count == 0) { // the kernel would wake one
            return 0;
        }
        long address = liveAddress();
        long result = Syscall.invoke(SyscallNumber.FUTEX, address, Kernel.FUTEX_WAKE | privateFlag, count);
        if (Syscall.isError(result)) {
            throw new SyscallException("futex", result, hex(address), operation("FUTEX_WAKE"), count);
        }
        return (int) result;
    }

    /**
     * Wakes all threads that wait on this word.
     *
     * @return the number of threads that were woken
     * @throws IllegalStateException if the segment's arena is closed
     * @throws SyscallException EFAULT: the word is no longer mapped (shared futexes only)
     */
    public int wakeAll() {
        return wake(Integer.MAX_VALUE);
    }

    /**
     * Returns the address, the kind and the value.
     *
     * @return "Futex[0x7f2c4a000000, shared, 0]"
     */
    @Override
    public String toString() {
        return "Futex[" + hex(word.address()) + ", " + (privateFlag == 0 ? "shared" : "private") + ", "
                + (word.scope().isAlive() ? value() : "freed") + "]";
    }

    private String operation(String name) {
        return privateFlag == 0 ? name : name + "|FUTEX_PRIVATE_FLAG";
    }

    private long liveAddress() {
        requireAlive(word);
        return word.address();
    }
}
