package dev.linen.junit;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

import dev.linen.internal.registry.KeptMemory.Range;
import dev.linen.memory.Mapping;

/**
 * Finds what glibc has mapped for itself, by what glibc writes there: arenas, large malloc chunks and the stacks of
 * threads, including those that it keeps for later threads. Each of these says where it begins and how large it is, so
 * that it is told from an adjacent mapping that the kernel has merged with it.
 *
 * <pre>
 *  an arena's heap, at a multiple of its size, 64 MiB    a chunk, which has a mapping of its own
 *  +0   the arena, in this heap or in another one        +0   its distance to the start of the mapping
 *  +8   the previous heap, or 0                          +8   the rest of the mapping's size (since 2.43 less 16), | 2
 *  +16  the size in use                                  +16  what malloc returned
 *  +24  the size that is readable
 *
 *  a thread's struct pthread, near the end of its stack
 *  +N   a list of stacks: next, previous
 *  +M   the start of the stack's mapping, its size (not of whole pages), the size of the guard in it
 * </pre>
 *
 * <p>N and M differ between versions, so that they are looked up in the struct of the calling thread.
 */
final class LibcMemory {

    private static final long ARENA_BYTES = 64L << 20;
    /** An arena is inside its first heap, after the heap's header. */
    private static final long MOST_HEADER_BYTES = 256;

    private static final int FLAGS = 7;
    private static final int MAPPED = 2;
    private static final int HEADER_BYTES = 16;

    private static final int STACK_ALIGNMENT = 16;

    /** A limit for the size of struct pthread, which has some 2,400 bytes. */
    private static final int PTHREAD_BYTES = 8192;

    private final OwnPages memory;
    /** Readable, writable, anonymous memory. */
    private final Ranges candidates;
    private final Ranges mapped;
    private final List<Range> found = new ArrayList<>();
    private final long pageBytes = Mapping.pageSize();

    /** Where the fields are in struct pthread. Negative if the libc isn't glibc. */
    private int list = -1;
    private int stack = -1;

    private LibcMemory(OwnPages memory, Ranges candidates, Ranges mapped) {
        this.memory = memory;
        this.candidates = candidates;
        this.mapped = mapped;
    }

    /**
     * Returns libc's memory.
     *
     * @param candidates readable, writable, anonymous memory
     * @param known what of it needn't be searched: only arenas may begin there, which grow
     * @param mapped all memory
     */
    static Ranges in(OwnPages memory, Ranges candidates, Ranges known, Ranges mapped) {
        LibcMemory libc = new LibcMemory(memory, candidates.minus(known), mapped);
        libc.lookUpFields();
        libc.findArenas(candidates);
        for (Range range : libc.candidates.minus(new Ranges(libc.found)).inOrder()) {
            memory.forEachUsed(range.start(), range.end(), libc::findInPage);
        }
        return new Ranges(libc.found);
    }

    private void findArenas(Ranges everywhere) {
        for (Range range : everywhere.inOrder()) {
            for (long at = roundUp(range.start(), ARENA_BYTES); at < range.end(); at += ARENA_BYTES) {
                if (isArena(at)) {
                    found.add(new Range(at, at + ARENA_BYTES));
                }
            }
        }
    }

    /** It may have grown since the mappings were read. */
    private boolean isArena(long at) {
        long arena = word(at);
        long previous = word(at + 8);
        long used = word(at + 16);
        long readable = word(at + 24);
        return isAligned(readable, pageBytes) && used > 0 && used <= readable && readable <= ARENA_BYTES
                && Math.floorMod(arena, ARENA_BYTES) < MOST_HEADER_BYTES
                && (previous == 0
                        ? arena > at && arena < at + MOST_HEADER_BYTES
                        : isAligned(previous, ARENA_BYTES) && previous > 0)
                && mapped.covers(at, at + ARENA_BYTES);
    }

    private void findInPage(long page, ByteBuffer contents) {
        // The address after the header has the alignment that was asked for, from 16 bytes to a page or more.
        for (int alignment = HEADER_BYTES; alignment <= contents.capacity(); alignment *= 2) {
            addChunk(page + alignment - HEADER_BYTES, contents.getLong(alignment - HEADER_BYTES),
                    contents.getLong(alignment - HEADER_BYTES / 2));
        }
        for (int at = 0; at <= contents.capacity() - Long.BYTES && stack >= 0; at += Long.BYTES) {
            long start = contents.getLong(at);
            if (start > 0 && start <= page && isAligned(start, pageBytes)) {
                addStack(start, page + at);
            }
        }
    }

    private void addChunk(long at, long distance, long word) {
        long rest = word & ~FLAGS;
        long start = at - distance;
        if ((word & FLAGS) == MAPPED && rest > 0 && distance >= 0 && isAligned(start, pageBytes)) {
            long end = roundUp(at + rest, pageBytes);
            if ((end == at + rest || end == at + rest + HEADER_BYTES) && start < end
                    && candidates.covers(start, end)) {
                found.add(new Range(start, end));
            }
        }
    }

    /** Adds the stack whose struct pthread has its start at this address, if there is one. */
    private void addStack(long start, long address) {
        long bytes = word(address + 8);
        long pthread = address - stack;
        if (isStack(start, bytes, word(address + 16), pthread) && address < start + bytes && isInList(pthread + list)) {
            found.add(new Range(start, roundUp(start + bytes, pageBytes)));
        }
    }

    /** The size is the one that was asked for, less what the alignment of thread-local storage takes. */
    private boolean isStack(long start, long bytes, long guard, long pthread) {
        return start > 0 && isAligned(start | guard, pageBytes) && pthread > start && pthread - start < bytes
                && isAligned(bytes, STACK_ALIGNMENT) && mapped.covers(start, roundUp(start + bytes, pageBytes));
    }

    private void lookUpFields() {
        long self = self();
        // The struct is at the end of the stack, so that there may be less memory than the limit.
        byte[] bytes = new byte[PTHREAD_BYTES];
        memory.read(self, bytes);
        ByteBuffer pthread = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at <= pthread.capacity() - 3 * Long.BYTES; at += Long.BYTES) {
            long start = pthread.getLong(at);
            long size = pthread.getLong(at + 8);
            if (list < 0 && isInList(self + at)) {
                list = at;
            }
            if (stack < 0 && isStack(start, size, pthread.getLong(at + 16), self)) {
                stack = at;
            }
        }
        stack = list < 0 ? -1 : stack;
    }

    /** Whether the two neighbours in a list point back. */
    private boolean isInList(long entry) {
        long next = word(entry);
        long previous = word(entry + 8);
        return next != 0 && previous != 0 && next != entry && word(next + 8) == entry && word(previous) == entry;
    }

    /** {@code pthread_self}: in glibc, the address of the calling thread's struct pthread. */
    private static long self() {
        try {
            return (long) Self.HANDLE.invokeExact();
        } catch (Throwable impossible) {
            throw new AssertionError("a downcall throws nothing", impossible);
        }
    }

    private static final class Self {
        static final MethodHandle HANDLE = Linker.nativeLinker().downcallHandle(
                Linker.nativeLinker().defaultLookup().find("pthread_self").orElseThrow(),
                FunctionDescriptor.of(JAVA_LONG));
    }

    private long word(long address) {
        return memory.longAt(address).orElse(0);
    }

    private static boolean isAligned(long value, long to) {
        return Math.floorMod(value, to) == 0;
    }

    private static long roundUp(long value, long to) {
        return Math.ceilDiv(value, to) * to;
    }
}
