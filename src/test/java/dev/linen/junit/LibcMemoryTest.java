package dev.linen.junit;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.registry.KeptMemory.Range;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.memory.Protection;
import dev.linen.testing.Skip;

/** What libc has mapped is found by what it writes there. */
class LibcMemoryTest {

    private static final int PAGES = 9;
    private static final SymbolLookup LIBC = Linker.nativeLinker().defaultLookup();

    private static Ranges libcs(Ranges candidates) throws IOException {
        return libcs(candidates, new Ranges(List.of()));
    }

    private static Ranges libcs(Ranges candidates, Ranges known) throws IOException {
        try (OwnPages memory = new OwnPages()) {
            return LibcMemory.in(memory, candidates, known, Ranges.of(MemoryMap.read().regions()));
        }
    }

    /** It may grow while the mappings are read, and be unknown to the first look at the process for that. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void in_arenaThatHasGrownSince_isOne(boolean known) throws IOException {
        long bytes = 64 << 20;
        try (Mapping mapping = Mapping.anonymous(2 * bytes, Protection.NONE, MapFlags.PRIVATE)) {
            long start = Math.ceilDiv(mapping.address(), bytes) * bytes;
            long page = Mapping.pageSize();
            mapping.protect(start - mapping.address(), 2 * page, Protection.READ_WRITE);
            MemorySegment header = MemorySegment.ofAddress(start).reinterpret(2 * page);
            header.set(JAVA_LONG, 0, start + 32); // the arena itself
            header.set(JAVA_LONG, 16, page); // in use
            header.set(JAVA_LONG, 24, 2 * page); // readable
            Ranges before = new Ranges(List.of(new Range(start, start + page)));
            Ranges found = libcs(before, known ? before : new Ranges(List.of()));
            assertEquals(List.of(new Range(start, start + bytes)), found.inOrder());
        }
    }

    /** The header as glibc writes it, with the alignment of malloc, and as memalign moves it. */
    @ParameterizedTest
    @CsvSource({
            "4096, 0, 0x4002, 4, true", // until glibc 2.42
            "4096, 0, 0x3ff2, 4, true", // since glibc 2.43, less 16
            "4144, 48, 0x3fd2, 4, true", // aligned to 64 bytes
            "4144, 48, 0x3fc2, 4, true",
            "8176, 0xff0, 0x3012, 4, true", // aligned to a page
            "8176, 0xff0, 0x3002, 4, true",
            "4096, 0, 0x3fe2, 4, false", // not of whole pages
            "4096, 0, 0x4003, 4, false", // not a mapping of its own
            "4096, 8, 0x4002, 4, false", // doesn't begin at a page
            "4096, 0, 0x9002, 4, false", // longer than the memory
            "4096, 0, 2, 4, false", "4096, 0, 0xfffffffffffff002, 4, false"})
    void in_chunkHeader_isAChunkOfThatSize(long at, String distance, String size, int pages, boolean chunk)
            throws IOException {
        long page = 4096;
        Skip.unless(Mapping.pageSize() == page, "the sizes are for pages of 4096 bytes");
        try (Mapping mapping = Mapping.anonymous(PAGES * page)) {
            mapping.segment().set(JAVA_LONG, at, Long.decode(distance));
            mapping.segment().set(JAVA_LONG, at + 8, Long.parseUnsignedLong(size.replace("0x", ""), 16));
            Range whole = new Range(mapping.address(), mapping.address() + PAGES * page);
            List<Range> found = libcs(new Ranges(List.of(whole))).inOrder();
            assertEquals(chunk
                    ? List.of(new Range(whole.start() + page, whole.start() + (1 + pages) * page))
                    : List.of(), found);
        }
    }

    /** The kernel maps whole pages; glibc keeps the size that was asked for. */
    @Test
    void in_stackNotOfWholePages_isOne() throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment thread = arena.allocate(JAVA_LONG);
            MemorySegment attributes = arena.allocate(64, 8);
            MemorySegment semaphore = arena.allocate(32, 8);
            call("pthread_attr_init", attributes);
            call("pthread_attr_setstacksize", attributes, MemorySegment.ofAddress((1 << 20) + 64));
            call("pthread_create", thread, attributes, LIBC.find("sem_wait").orElseThrow(), semaphore);
            long pthread = thread.get(JAVA_LONG, 0);
            Range region = MemoryMap.regionAt(pthread).map(found -> new Range(found.start(), found.end()))
                    .orElseThrow();
            Ranges found = libcs(new Ranges(List.of(region)));
            call("sem_post", semaphore);
            call("pthread_join", MemorySegment.ofAddress(pthread), MemorySegment.NULL);
            assertTrue(found.covers(pthread, pthread + 1), region::toString);
        }
    }

    private static void call(String function, MemorySegment... arguments) throws Throwable {
        FunctionDescriptor type = FunctionDescriptor.of(JAVA_INT,
                Collections.nCopies(arguments.length, ADDRESS).toArray(MemoryLayout[]::new));
        Object result = Linker.nativeLinker().downcallHandle(LIBC.find(function).orElseThrow(), type)
                .invokeWithArguments((Object[]) arguments);
        assertEquals(0, result, function);
    }

    @Test
    void in_stackOfThisThread_isOne() throws IOException {
        String[] call = Files.readString(Path.of("/proc/thread-self/syscall")).split(" ", -1);
        Skip.unless(call.length == 9, "the kernel doesn't show the stack pointer");
        long stackPointer = Long.decode(call[7]);
        Range region = MemoryMap.regionAt(stackPointer).map(found -> new Range(found.start(), found.end()))
                .orElseThrow();
        assertTrue(libcs(new Ranges(List.of(region))).covers(stackPointer, stackPointer + 1), region::toString);
    }

    /** Arrays whose pages look like the headers of malloc chunks, until they are overwritten. */
    static final class NumbersLikeHeaders {
        public static void main(String... arguments) throws Exception {
            long[][] arrays = new long[8][1 << 17];
            for (int i = 0; i < arrays.length; i++) {
                for (int j = i % 2; j < arrays[i].length; j += 2) {
                    arrays[i][j] = 0x10002;
                }
            }
            NewMappings.Unexplained before = NewMappings.now();
            for (long[] each : arrays) {
                Arrays.fill(each, 1);
            }
            System.out.print(NewMappings.between(before, NewMappings.now()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC", "-XX:+UseZGC"})
    void numbersInTheJavaHeap_likeAHeader_areNoChunk(String collector) {
        ChildJvm.Result child = ChildJvm.of(NumbersLikeHeaders.class).flags(collector, "-Xms256m", "-Xmx256m").run();
        assertEquals("[]", child.out(), child::toString);
    }
}
