package dev.linen.futex;

import static dev.linen.syscall.SyscallException.hex;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

import dev.linen.internal.linux.Kernel;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * A dword of memory that threads can wait on: {@code long futex(uint32_t *uaddr, int op, uint32_t val, ...)}.
 *
 * <p>The kernel puts a thread to sleep if the word still has the value that the thread saw, and wakes it when somebody
 * says so. What the values mean is up to those who use the word.
 *
 * <pre>{@code
 * Futex ready = Futex.ofPrivate(word);        // waiter              // the other
 * while (ready.value() == 0) {                                       ready.set(1);
 *     ready.await(0);                                                ready.wakeAll();
 * }
 * }</pre>
 *
 * <p>Always in a loop: a wait may end without reason, and a wake may be somebody else's, from an earlier use of the
 * address. Waiting and waking allocate nothing but, once a thread, the 16 bytes of a deadline.
 *
 * <p><b>Private or shared.</b> A private futex is looked up by address and so is faster, but known to this process only:
 * a waiter in another process, and the kernel's own wake at the end of a thread, need a {@linkplain #ofShared shared}
 * one. A wait and a wake of different kinds never meet.
 *
 * <p>A wait blocks the carrier of a virtual thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/futex.2.html">futex(2)</a>
 */
public final class Futex {

    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment word;
    private final int privateFlag;

    private Futex(MemorySegment word, int privateFlag) {
        this.word = word;
        this.privateFlag = privateFlag;
    }

    /** How a wait ended. */
    public enum Wait {

        /** Somebody woke this thread, or it woke without reason: look at the value. */
        WOKEN,

        /** The word had another value than expected; nothing was waited for. */
        VALUE_CHANGED,

        /** The deadline passed. */
        TIMED_OUT,

        /** A signal handler ran on this thread. */
        INTERRUPTED
    }

    /**
     * A futex for the threads of this process.
     *
     * @param word the word: the first 4 bytes of the segment, 4-byte aligned, in native memory; the caller keeps it
     *        alive
     * @return the futex
     * @throws IllegalArgumentException when the segment is smaller, misaligned, read-only or on the heap
     * @throws IllegalStateException when the segment's arena is closed
     */
    public static Futex ofPrivate(MemorySegment word) {
        return new Futex(requireWord(word), Kernel.FUTEX_PRIVATE_FLAG);
    }

    /**
     * A futex that also works between processes that map the same memory, and with the kernel's wake at the end of a
     * thread ({@code CLONE_CHILD_CLEARTID}).
     *
     * @param word the word: the first 4 bytes of the segment, 4-byte aligned, in native memory; the caller keeps it
     *        alive
     * @return the futex
     * @throws IllegalArgumentException when the segment is smaller, misaligned, read-only or on the heap
     * @throws IllegalStateException when the segment's arena is closed
     */
    public static Futex ofShared(MemorySegment word) {
        return new Futex(requireWord(word), 0);
    }

    private static MemorySegment requireWord(MemorySegment word) {
        if (!word.isNative()) {
            throw new IllegalArgumentException("a futex is a word of native memory; this segment is on the Java heap, "
                    + "which the kernel can't see: allocate it from an Arena");
        }
        if (word.byteSize() < Integer.BYTES) {
            throw new IllegalArgumentException("a futex is 4 bytes long; this segment has " + word.byteSize());
        }
        if (word.address() % Integer.BYTES != 0) {
            throw new IllegalArgumentException("a futex is 4-byte aligned; this segment starts at "
                    + hex(word.address()));
        }
        if (word.isReadOnly()) {
            throw new IllegalArgumentException("a futex is a word that changes; this segment is read-only");
        }
        requireAlive(word);
        return word.asSlice(0, Integer.BYTES);
    }

    private static void requireAlive(MemorySegment word) {
        if (!word.scope().isAlive()) {
            throw new IllegalStateException("the memory of this futex is freed: its arena is closed");
        }
    }

    /**
     * The word's value, read as a volatile variable is.
     *
     * @return the value
     */
    public int value() {
        return (int) WORD.getVolatile(word, 0L);
    }

    /**
     * Sets the word as a volatile variable is set; wakes nobody.
     *
     * @param value the new value
     */
    public void set(int value) {
        WORD.setVolatile(word, 0L, value);
    }

    /**
     * Sets the word if it has the expected value, as {@code AtomicInteger.compareAndSet} does; wakes nobody.
     *
     * @param expected the value it must have
     * @param value the new value
     * @return whether it had the expected value and now has the new one
     */
    public boolean compareAndSet(int expected, int value) {
        return WORD.compareAndSet(word, 0L, expected, value);
    }

    /**
     * Waits while the word has this value: {@code FUTEX_WAIT_BITSET}, without a time limit. Since Linux 2.6.25.
     *
     * @param expected the value that was seen
     * @return how the wait ended; never {@link Wait#TIMED_OUT}
     * @throws IllegalStateException when the segment's arena is closed
     * @throws SyscallException EFAULT: nothing is mapped there any more
     */
    public Wait await(int expected) {
        return await(expected, MemorySegment.NULL);
    }

    /**
     * Waits while the word has this value, until a point in time: {@code FUTEX_WAIT_BITSET} with an absolute
     * {@code CLOCK_MONOTONIC} time. A loop can use the same deadline again and again.
     *
     * @param expected the value that was seen
     * @param deadlineNanoTime when to give up, on the clock of {@link System#nanoTime()}; a negative time, such as a sum
     *        that has overflown, is over already
     * @return how the wait ended
     * @throws IllegalStateException when the segment's arena is closed
     * @throws SyscallException EFAULT: nothing is mapped there any more
     */
    public Wait awaitUntil(int expected, long deadlineNanoTime) {
        return await(expected, Deadline.timespec(deadlineNanoTime));
    }

    private Wait await(int expected, MemorySegment timespec) {
        long address = liveAddress();
        long result = Syscall.invoke(SyscallNumber.FUTEX, address, Kernel.FUTEX_WAIT_BITSET | privateFlag,
                expected, timespec.address(), 0, Kernel.FUTEX_BITSET_MATCH_ANY);
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

    /**
     * Wakes threads that wait on this word: {@code FUTEX_WAKE}.
     *
     * @param count how many at the most
     * @return how many were woken
     * @throws IllegalArgumentException when the count is negative
     * @throws IllegalStateException when the segment's arena is closed
     * @throws SyscallException EFAULT: nothing is mapped there any more (shared futexes only)
     */
    public int wake(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("0 threads or more can be woken, not " + count);
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
     * Wakes every thread that waits on this word.
     *
     * @return how many were woken
     * @throws IllegalStateException when the segment's arena is closed
     * @throws SyscallException EFAULT: nothing is mapped there any more (shared futexes only)
     */
    public int wakeAll() {
        return wake(Integer.MAX_VALUE);
    }

    /**
     * Where it is, of which kind, and its value.
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
