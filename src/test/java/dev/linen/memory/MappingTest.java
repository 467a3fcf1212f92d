package dev.linen.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.MemoryMap.Region;
import dev.linen.syscall.AuxiliaryVector;
import dev.linen.syscall.Errno;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Allocation;
import dev.linen.testing.OtherUser;
import dev.linen.testing.ProcessState;
import dev.linen.testing.SeccompFilter;
import dev.linen.testing.Sleepers;
import dev.linen.testing.Smaps;

@NoLeaks
class MappingTest {

    private static final long PAGE = Mapping.pageSize();

    /**
     * The kernel rejects these. If a range isn't rejected as it should be, they prevent a change of unrelated memory.
     */
    private static final Protection NO_PROTECTION = new Protection(-1);
    private static final Advice NO_ADVICE = new Advice(4711);

    @Test
    void pageSize_comparedWithGetconf_isEqual() throws IOException {
        Process getconf = new ProcessBuilder("getconf", "PAGESIZE").start();
        assertEquals(Long.parseLong(new String(getconf.getInputStream().readAllBytes()).trim()), Mapping.pageSize());
    }

    /** As another user, this process can't read /proc/self/auxv. */
    static final class NoAuxiliaryVector {
        public static void main(String... arguments) {
            OtherUser.become();
            SeccompFilter.refuse(SyscallNumber.PRCTL, Kernel.EINVAL); // as before Linux 6.4
            System.out.print(AuxiliaryVector.get(Kernel.AT_PAGESZ) + ", " + Mapping.pageSize());
        }
    }

    @Test
    void pageSize_noAuxiliaryVector_isTheSame() {
        ChildJvm.Result result = ChildJvm.of(NoAuxiliaryVector.class).run();
        OtherUser.skipIfRefused(result);
        assertEquals("OptionalLong.empty, " + PAGE, result.out(), result::toString);
    }

    @Test
    void anonymous_oneByte_isAPageOfZeroes() {
        try (Mapping memory = Mapping.anonymous(1)) {
            assertEquals(1, memory.byteSize());
            assertEquals(1, memory.segment().byteSize());
            assertEquals(0, memory.segment().get(JAVA_BYTE, 0));
            assertEquals(memory.address(), memory.segment().address());
            assertEquals(0, memory.address() % PAGE);
            memory.segment().set(JAVA_BYTE, 0, (byte) 42);
            assertEquals(42, memory.segment().get(JAVA_BYTE, 0));
            assertSame(memory.segment(), memory.segment());
            assertThrows(IndexOutOfBoundsException.class, () -> memory.segment().get(JAVA_BYTE, 1));
            assertEquals(Protection.READ_WRITE, protectionAt(memory.address()));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void anonymous_sizeNotPositive_isRefused(long bytes) {
        String message = assertThrows(IllegalArgumentException.class, () -> Mapping.anonymous(bytes)).getMessage();
        assertEquals("a mapping needs at least 1 byte, not " + bytes, message);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 60, Long.MAX_VALUE})
    void anonymous_hugeSize_isENOMEM(long bytes) {
        SyscallException failed = assertThrows(SyscallException.class, () -> Mapping.anonymous(bytes));
        assertEquals(Errno.ENOMEM, failed.errno());
        assertEquals("mmap(NULL, " + bytes + ", PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) failed: "
                + "ENOMEM (Cannot allocate memory)", failed.getMessage());
    }

    @Test
    void anonymous_neitherPrivateNorShared_isEINVAL() {
        SyscallException failed = assertThrows(SyscallException.class,
                () -> Mapping.anonymous(PAGE, Protection.READ, new MapFlags(0)));
        assertEquals(Errno.EINVAL, failed.errno());
    }

    @Test
    void anonymous_shared_isShared() {
        try (Mapping memory = Mapping.anonymous(PAGE, Protection.READ, MapFlags.SHARED)) {
            assertTrue(regionAt(memory.address()).shared());
            assertTrue(memory.segment().isReadOnly());
            assertEquals(0, memory.segment().get(JAVA_INT, 0));
        }
    }

    @Test
    void anonymous_fixedAddress_isRefused() {
        for (MapFlags fixed : new MapFlags[]{MapFlags.FIXED, MapFlags.FIXED_NOREPLACE}) {
            String message = assertThrows(IllegalArgumentException.class,
                    () -> Mapping.anonymous(/* not to be had */ 1L << 60, Protection.READ,
                            MapFlags.PRIVATE.with(fixed)))
                    .getMessage();
            assertTrue(message.contains(fixed.toString()) && message.contains("SyscallNumber.MMAP"), message);
        }
    }

    @Test
    void anonymous_null_isRefused() {
        assertThrows(NullPointerException.class, () -> Mapping.anonymous(PAGE, null, MapFlags.PRIVATE));
        assertThrows(NullPointerException.class, () -> Mapping.anonymous(PAGE, Protection.READ, null));
    }

    @Test
    void segment_protectionNone_isRefusedUntilItIsReadable() {
        try (Mapping memory = Mapping.anonymous(PAGE, Protection.NONE, MapFlags.PRIVATE)) {
            String message = assertThrows(IllegalStateException.class, memory::segment).getMessage();
            assertTrue(message.contains("PROT_NONE") && message.contains("protect(Protection.READ)"), message);
            memory.protect(Protection.READ);
            assertTrue(memory.segment().isReadOnly());
            memory.protect(Protection.READ_WRITE);
            memory.segment().set(JAVA_INT, 0, 42);
            assertEquals(42, memory.segment().get(JAVA_INT, 0));
        }
    }

    @Test
    void protect_whole_changesThePagesAndWhatSegmentGives() {
        try (Mapping memory = Mapping.anonymous(3 * PAGE)) {
            memory.protect(Protection.READ);
            assertEquals(Protection.READ, protectionAt(memory.address() + 3 * PAGE - 1));
            assertThrows(IllegalArgumentException.class, () -> memory.segment().set(JAVA_INT, 0, 42));
            assertEquals("Mapping[0x" + Long.toHexString(memory.address()) + ", " + 3 * PAGE + " bytes, PROT_READ]",
                    memory.toString());
        }
    }

    @Test
    void protect_part_changesThosePagesOnly() {
        try (Mapping memory = Mapping.anonymous(3 * PAGE)) {
            memory.protect(PAGE, 1, Protection.READ);
            assertEquals(Protection.READ_WRITE, protectionAt(memory.address()));
            assertEquals(Protection.READ, protectionAt(memory.address() + PAGE));
            assertEquals(Protection.READ_WRITE, protectionAt(memory.address() + 2 * PAGE));
            assertFalse(memory.segment().isReadOnly());
        }
    }

    @Test
    void protect_emptyRange_changesNothing() {
        try (Mapping memory = Mapping.anonymous(PAGE)) {
            memory.protect(0, 0, Protection.NONE);
            memory.protect(PAGE, 0, Protection.NONE);
            assertEquals(Protection.READ_WRITE, protectionAt(memory.address()));
        }
    }

    @ParameterizedTest
    @CsvSource({"-1, 1", "0, -1", "0, 3", "2, 1", "3, 0", Long.MAX_VALUE + ", 1", "0, " + Long.MAX_VALUE,
            "1, " + Long.MAX_VALUE, "0, " + Long.MIN_VALUE, Long.MIN_VALUE + ", " + Long.MIN_VALUE})
    void protectOrAdvise_rangeNotInside_isRefused(long offsetPages, long lengthPages) {
        long offset = pages(offsetPages);
        long length = pages(lengthPages);
        try (Mapping memory = Mapping.anonymous(2 * PAGE)) {
            String protect = assertThrows(IllegalArgumentException.class,
                    () -> memory.protect(offset, length, NO_PROTECTION)).getMessage();
            String advise = assertThrows(IllegalArgumentException.class,
                    () -> memory.advise(offset, length, NO_ADVICE)).getMessage();
            assertTrue(protect.contains("not inside this mapping of " + 2 * PAGE + " bytes"), protect);
            assertEquals(protect, advise);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 8, 2048})
    void protectOrAdvise_misaligned_isRefused(long offset) {
        try (Mapping memory = Mapping.anonymous(2 * PAGE)) {
            String protect = assertThrows(IllegalArgumentException.class,
                    () -> memory.protect(offset, PAGE, NO_PROTECTION)).getMessage();
            assertTrue(protect.contains("multiple of the page size, " + PAGE + " bytes, not " + offset), protect);
            assertThrows(IllegalArgumentException.class, () -> memory.advise(offset, PAGE, NO_ADVICE));
            assertEquals(Protection.READ_WRITE, protectionAt(memory.address()));
        }
    }

    @Test
    void protectOrAdvise_null_isRefused() {
        try (Mapping memory = Mapping.anonymous(PAGE)) {
            assertThrows(NullPointerException.class, () -> memory.protect(null));
            assertThrows(NullPointerException.class, () -> memory.protect(0, PAGE, null));
            assertThrows(NullPointerException.class, () -> memory.advise(null));
            assertThrows(NullPointerException.class, () -> memory.advise(0, PAGE, null));
            memory.segment().set(JAVA_INT, 0, 42);
        }
    }

    @Test
    void protect_compiled_allocatesNothing() {
        try (Mapping memory = Mapping.anonymous(2 * PAGE)) {
            assertEquals(0, Allocation.of100000(() -> {
                memory.protect(Protection.READ_WRITE);
                memory.protect(0, PAGE, Protection.READ_WRITE);
                return 0;
            }));
        }
    }

    @Test
    void advise_dontneed_givesThePagesBack() {
        try (Mapping memory = Mapping.anonymous(2 * PAGE)) {
            memory.segment().fill((byte) 42);
            memory.advise(PAGE, PAGE, Advice.DONTNEED);
            assertEquals(42, memory.segment().get(JAVA_BYTE, PAGE - 1));
            assertEquals(0, memory.segment().get(JAVA_BYTE, PAGE));
            memory.advise(Advice.DONTNEED);
            assertEquals(0, memory.segment().get(JAVA_BYTE, PAGE - 1));
        }
    }

    @Test
    void advise_unknownAdvice_isEINVAL() {
        try (Mapping memory = Mapping.anonymous(PAGE)) {
            SyscallException failed = assertThrows(SyscallException.class, () -> memory.advise(new Advice(4711)));
            assertEquals("madvise(0x" + Long.toHexString(memory.address()) + ", " + PAGE + ", 4711) failed: EINVAL "
                    + "(Invalid argument)", failed.getMessage());
        }
    }

    @Test
    void close_once_unmaps() {
        Mapping memory = Mapping.anonymous(PAGE);
        MemorySegment segment = memory.segment();
        memory.close();
        assertTrue(memory.isClosed());
        assertFalse(segment.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
    }

    /** munmap fails with ENOMEM, like for a part of a mapping where there are as many mappings as may be. */
    static final class ThatStays {
        public static void main(String... arguments) {
            long bytes = 3 * PAGE;
            FailingSyscall.of(SyscallNumber.MUNMAP).whenArgument(1, bytes).with(Errno.ENOMEM);
            @SuppressWarnings("resource")
            Mapping memory = Mapping.anonymous(bytes);
            memory.segment().set(JAVA_BYTE, 0, (byte) 42);
            System.out.print(assertThrows(SyscallException.class, memory::close).errno() + " ");
            System.out.print(memory.isClosed() + " " + memory.segment().get(JAVA_BYTE, 0));
        }
    }

    @Test
    void close_munmapFails_itStaysUsable() {
        ChildJvm.Result result = ChildJvm.of(ThatStays.class).run();
        assertEquals("ENOMEM false 42", result.out(), result::toString);
    }

    @Test
    void close_manyTimes_leavesNothingBehind() {
        for (int i = 0; i < 100; i++) {
            Mapping.anonymous(PAGE).close(); // the JVM does its lazy mappings now
        }
        int before = ProcessState.now().mappings();
        for (int i = 0; i < 1000; i++) {
            // With different protections, so that the kernel can't merge adjacent mappings.
            Mapping.anonymous(PAGE, i % 2 == 0 ? Protection.READ : Protection.NONE, MapFlags.SHARED).close();
        }
        int more = ProcessState.now().mappings() - before;
        assertTrue(more < 500, () -> more + " more mappings than before");
    }

    @Test
    void close_again_doesNotUnmapALaterMapping() {
        // So large that no other thread maps something at its beginning meanwhile: see Faults.closedMapping.
        Mapping memory = Mapping.anonymous(256 << 20);
        memory.close();
        long address = Syscall.invoke(SyscallNumber.MMAP, memory.address(), PAGE, Protection.READ.bits(),
                MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).with(MapFlags.FIXED_NOREPLACE).bits(), -1, 0);
        assertEquals(memory.address(), address);
        memory.close();
        assertEquals(Protection.READ, protectionAt(address));
        assertEquals(0, Syscall.invoke(SyscallNumber.MUNMAP, address, PAGE));
    }

    @Test
    void anyMethod_closed_isRefused() {
        Mapping memory = Mapping.anonymous(PAGE);
        memory.close();
        for (Runnable use : new Runnable[]{memory::segment, () -> memory.protect(NO_PROTECTION),
                () -> memory.protect(0, PAGE, NO_PROTECTION), () -> memory.advise(NO_ADVICE),
                () -> memory.advise(0, PAGE, NO_ADVICE)}) {
            String message = assertThrows(IllegalStateException.class, use::run).getMessage();
            assertTrue(message.contains("this mapping is closed"), message);
        }
        assertEquals("Mapping[0x" + Long.toHexString(memory.address()) + ", " + PAGE + " bytes, closed]",
                memory.toString());
        assertEquals(PAGE, memory.byteSize());
    }

    @Test
    void close_segmentInANativeCall_isRefusedAndChangesNothing() throws IOException {
        Pipe pipe = Pipe.open();
        try (Mapping memory = Mapping.anonymous(PAGE)) {
            ByteBuffer buffer = memory.segment().asByteBuffer();
            AtomicLong tid = new AtomicLong();
            CompletableFuture<Integer> reading = CompletableFuture.supplyAsync(() -> {
                tid.set(Sleepers.tid());
                try {
                    return pipe.source().read(buffer);
                } catch (IOException failed) {
                    throw new AssertionError(failed);
                }
            });
            while (tid.get() == 0) {
                Thread.onSpinWait();
            }
            Sleepers.awaitAsleepIn(tid.get(), SyscallNumber.READ);

            assertThrows(IllegalStateException.class, memory::close);
            assertFalse(memory.isClosed());

            pipe.sink().write(ByteBuffer.wrap(new byte[]{42}));
            assertEquals(1, reading.join());
            assertEquals(42, memory.segment().get(JAVA_BYTE, 0));
        } finally {
            pipe.source().close();
            pipe.sink().close();
        }
    }

    /** One thread reads in a loop while another closes the mapping. This must cause an exception, never a crash. */
    static final class CloseWhileReading {
        public static void main(String... arguments) {
            for (int round = 0; round < 50; round++) {
                Mapping memory = Mapping.anonymous(PAGE);
                MemorySegment segment = memory.segment();
                AtomicLong reads = new AtomicLong();
                CompletableFuture<Void> reader = CompletableFuture.runAsync(() -> {
                    try {
                        while (true) {
                            reads.addAndGet(1 + segment.get(JAVA_INT, 0));
                        }
                    } catch (IllegalStateException closed) {
                        // expected
                    }
                });
                while (reads.get() < 1000) {
                    Thread.onSpinWait();
                }
                memory.close();
                reader.join();
            }
            System.out.print("no crash");
        }
    }

    @Test
    void close_anotherThreadReads_givesThatThreadAnException() {
        ChildJvm.Result result = ChildJvm.of(CloseWhileReading.class).run();
        assertEquals("no crash", result.out(), result::toString);
        assertEquals(0, result.exitStatus(), result::toString);
    }

    /** Small numbers count pages, large numbers count bytes. */
    private static long pages(long number) {
        return number >= -3 && number <= 3 ? number * PAGE : number;
    }

    private static Region regionAt(long address) {
        return MemoryMap.read().find(address).orElseThrow();
    }

    private static Protection protectionAt(long address) {
        return regionAt(address).protection();
    }

    @Test
    void lock_somePages_locksThemUntilUnlock() {
        long page = Mapping.pageSize();
        try (Mapping mapping = Mapping.anonymous(4 * page)) {
            mapping.lock(page, 2 * page);
            assertEquals(2 * page, Smaps.bytes(mapping.address() + page, "Locked"));
            mapping.unlock(page, 2 * page);
            assertEquals(0, Smaps.bytes(mapping.address() + page, "Locked"));
            mapping.lock(page, 0);
            assertThrows(IllegalArgumentException.class, () -> mapping.lock(page, 4 * page));
            assertThrows(IllegalArgumentException.class, () -> mapping.unlock(1, page));
        }
    }

    @Test
    void file_deviceWithoutASize_mustBeGivenOne() throws Exception {
        Path zero = Path.of("/dev/zero");
        String message = assertThrows(IllegalArgumentException.class, () -> Mapping.file(zero)).getMessage();
        assertEquals("/dev/zero has no size: say how many bytes to map, Mapping.file(path, offset, bytes)", message);
        assertThrows(IllegalArgumentException.class,
                () -> Mapping.file(zero, Protection.READ_WRITE, MapFlags.SHARED));
        try (Mapping mapping = Mapping.file(zero, 0, 100)) {
            assertEquals(100, mapping.segment().byteSize());
            assertEquals(0, mapping.segment().get(ValueLayout.JAVA_LONG, 0));
        }
        Path empty = Files.createTempFile("linen-", ".empty");
        try (Mapping mapping = Mapping.file(empty)) {
            assertEquals(0, mapping.byteSize());
        } finally {
            Files.delete(empty);
        }
    }

    @Test
    void file_part_hasTheBytesOfThatPart() throws Exception {
        long page = Mapping.pageSize();
        Path file = Files.createTempFile("linen-", ".part");
        try {
            byte[] content = new byte[(int) (3 * page)];
            content[(int) page] = 1;
            content[(int) (2 * page) - 1] = 2;
            Files.write(file, content);
            try (Mapping part = Mapping.file(file, page, page)) {
                assertEquals(page, part.byteSize());
                assertEquals(1, part.segment().get(ValueLayout.JAVA_BYTE, 0));
                assertEquals(2, part.segment().get(ValueLayout.JAVA_BYTE, page - 1));
                assertTrue(part.segment().isReadOnly());
            }
            try (Mapping part = Mapping.file(file, 2 * page, 5, Protection.READ_WRITE, MapFlags.SHARED)) {
                part.segment().set(ValueLayout.JAVA_BYTE, 4, (byte) 7);
            }
            assertEquals(7, Files.readAllBytes(file)[(int) (2 * page) + 4]);
            for (long[] wrong : new long[][]{{1, 5}, {-page, 5}, {0, 0}, {0, -1}}) {
                assertThrows(IllegalArgumentException.class, () -> Mapping.file(file, wrong[0], wrong[1]));
            }
            assertThrows(IllegalArgumentException.class, () -> Mapping.file(file.getParent(), 0, page));
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void sync_anyPart_callsTheKernelWithThatPart() throws Exception {
        long page = Mapping.pageSize();
        Path file = Files.createTempFile("linen-", ".sync");
        try {
            Files.write(file, new byte[(int) (2 * page)]);
            try (Mapping mapping = Mapping.file(file, Protection.READ_WRITE, MapFlags.SHARED)) {
                mapping.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 7);
                mapping.sync();
                mapping.sync(page, page);
                mapping.sync(page, 0);
                assertThrows(IllegalArgumentException.class, () -> mapping.sync(1, 5));
                assertThrows(IllegalArgumentException.class, () -> mapping.sync(page, page + 1));
                assertThrows(UnsupportedOperationException.class, () -> mapping.segment().force());
                long result = Syscall.invoke(SyscallNumber.MUNMAP, mapping.address() + page, page);
                assertEquals(0, result);
                mapping.sync(0, page);
                assertEquals(Errno.ENOMEM, assertThrows(SyscallException.class, mapping::sync).errno());
                assertEquals(mapping.address() + page, Syscall.invoke(SyscallNumber.MMAP, mapping.address() + page,
                        page, 0, MapFlags.PRIVATE.with(MapFlags.ANONYMOUS).with(MapFlags.FIXED_NOREPLACE).bits(), -1,
                        0));
            }
        } finally {
            Files.delete(file);
        }
        Mapping closed = Mapping.anonymous(page);
        closed.sync();
        closed.close();
        assertTrue(assertThrows(IllegalStateException.class, closed::sync).getMessage()
                .startsWith("this mapping is closed: "));
    }
}
