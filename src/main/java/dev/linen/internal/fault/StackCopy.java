package dev.linen.internal.fault;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import dev.linen.internal.elf.MemoryReader;
import dev.linen.memory.Mapping;
import dev.linen.memory.Peek;

/** The part of a dead thread's stack in which its last calls are. The next thread may use the stack meanwhile. */
final class StackCopy implements MemoryReader {

    /** Larger than what 128 calls need that have no large arrays. */
    private static final long MOST_BYTES = 1 << 20;

    /** As much as is looked at when the stack pointer is elsewhere. */
    private static final long TOP_BYTES = 64 << 10;

    private final long begin;
    private final byte[] bytes;

    private StackCopy(long begin, int size) {
        this.begin = begin;
        this.bytes = copy(begin, size);
    }

    /** Up to the first page that can't be read: a thread can protect or unmap a part of its stack. */
    private static byte[] copy(long begin, int size) {
        byte[] whole = new byte[size];
        if (Peek.read(begin, whole)) {
            return whole;
        }
        int done = 0;
        while (done < size) {
            int toPageEnd = (int) (Mapping.pageSize() - Math.floorMod(begin + done, Mapping.pageSize()));
            byte[] part = new byte[Math.min(toPageEnd, size - done)];
            if (!Peek.read(begin + done, part)) {
                break;
            }
            System.arraycopy(part, 0, whole, done, part.length);
            done += part.length;
        }
        return Arrays.copyOf(whole, done);
    }

    /** Copies from the stack pointer upwards. A function that was on another stack was called by one on this. */
    static StackCopy of(MemorySegment stack, long stackPointer) {
        long offset = Math.clamp(stackPointer - stack.address(), 0, stack.byteSize());
        if (offset == stack.byteSize()) {
            offset = Math.max(0, stack.byteSize() - TOP_BYTES);
        }
        return new StackCopy(stack.address() + offset, (int) Math.min(MOST_BYTES, stack.byteSize() - offset));
    }

    /** The first words of the copy: those of the innermost frames. */
    long[] words(int most) {
        MemorySegment copy = MemorySegment.ofArray(bytes);
        return copy.asSlice(0, Math.min(most, bytes.length / Long.BYTES) * (long) Long.BYTES)
                .toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    @Override
    public boolean read(long address, byte[] into) {
        long offset = address - begin;
        if (offset < 0 || offset > bytes.length - into.length) {
            return false;
        }
        System.arraycopy(bytes, (int) offset, into, 0, into.length);
        return true;
    }
}
