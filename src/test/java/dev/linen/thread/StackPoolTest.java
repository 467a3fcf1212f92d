package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import dev.linen.futex.Futex;
import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Guards;
import dev.linen.testing.OwnMemory;
import dev.linen.testing.TestFunctions;

class StackPoolTest {

    private static final Lent NOTHING = new Lent(TestFunctions.function("identity"), Optional.empty(), null);

    private static StackGeometry geometry(long stackBytes) {
        return new StackGeometry(stackBytes, 16 << 10, StackPages.USUAL);
    }

    private final StackPool pool = StackPool.bounded(1 << 20);

    @Test
    void take_afterGive_isTheSameSlot() {
        StackSlot slot = pool.take(geometry(64 << 10));
        pool.give(slot, NOTHING);
        assertSame(slot, pool.take(geometry(64 << 10)));
    }

    @Test
    void take_severalGiven_isTheLastOne() {
        StackSlot first = pool.take(geometry(64 << 10));
        StackSlot second = pool.take(geometry(64 << 10));
        pool.give(second, NOTHING);
        pool.give(first, NOTHING);
        assertSame(first, pool.take(geometry(64 << 10)));
    }

    @Test
    void take_onlyLargerOnesThere_isTheSmallestThatIsLargeEnough() {
        StackSlot large = pool.take(geometry(256 << 10));
        StackSlot middle = pool.take(geometry(128 << 10));
        StackSlot small = pool.take(geometry(64 << 10));
        List.of(large, middle, small).forEach(slot -> pool.give(slot, NOTHING));
        assertSame(middle, pool.take(geometry(100 << 10)));
    }

    @Test
    void take_onlyMuchLargerOnesThere_isANewOne() {
        StackSlot large = pool.take(geometry(512 << 10));
        pool.give(large, NOTHING);
        assertNotSame(large, pool.take(geometry(64 << 10)));
    }

    @Test
    void take_guardTooSmall_isANewOne() {
        StackSlot slot = pool.take(geometry(64 << 10));
        pool.give(slot, NOTHING);
        assertNotSame(slot, pool.take(new StackGeometry(64 << 10, 32 << 10, StackPages.USUAL)));
    }

    @Test
    void take_threadStillRuns_isAnotherSlotUntilItEnded() {
        StackSlot slot = pool.take(geometry(64 << 10));
        slot.futexWord().set(JAVA_INT, 0, 4711); // what the kernel does at the start
        pool.give(slot, NOTHING);
        StackSlot other = pool.take(geometry(64 << 10));
        assertNotSame(slot, other);
        slot.futexWord().set(JAVA_INT, 0, 0); // and at the end
        assertSame(slot, pool.take(geometry(64 << 10)));
    }

    @Test
    void give_moreThanTheLimit_coolsTheOldest() {
        StackSlot oldest = pool.take(geometry(512 << 10));
        StackSlot middle = pool.take(geometry(512 << 10));
        StackSlot newest = pool.take(geometry(512 << 10));
        for (StackSlot slot : List.of(oldest, middle, newest)) {
            slot.stack().asSlice(0, Mapping.pageSize()).fill((byte) 1);
            pool.give(slot, NOTHING);
        }
        assertFalse(isTouched(oldest)); // its pages are gone
        assertTrue(isTouched(middle));
        assertTrue(isTouched(newest));
    }

    /** Not when its slab is unmapped. */
    private static boolean isTouched(StackSlot slot) {
        return OwnMemory.isReadable(slot.stack().address()) && slot.stack().get(JAVA_LONG, 0) != 0;
    }

    /** Neighbours, each with a page of its own. */
    private static List<StackSlot> touched(StackPool pool, int many) {
        List<StackSlot> slots = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            StackSlot slot = pool.take(geometry(64 << 10));
            slot.stack().asSlice(0, Mapping.pageSize()).fill((byte) 1);
            slots.add(slot);
        }
        return slots;
    }

    @Test
    void give_moreThanTheLimit_coolsAnEighthMore() {
        List<StackSlot> slots = touched(pool, 17); // there is room for 16
        slots.subList(0, 16).forEach(slot -> pool.give(slot, NOTHING));
        assertEquals(1 << 20, pool.warmBytes());
        pool.give(slots.get(16), NOTHING);
        assertEquals(14 * (64 << 10), pool.warmBytes());
        for (int i = 0; i < 17; i++) {
            assertEquals(i >= 3, isTouched(slots.get(i)), "" + i);
        }
    }

    @Test
    void give_neighboursCoolTogether_theirGuardsStay() {
        List<StackSlot> slots = touched(pool, 30);
        slots.reversed().forEach(slot -> pool.give(slot, NOTHING));
        StackSlot kept = pool.take(geometry(64 << 10)); // so that the slab stays
        pool.trim();
        for (StackSlot slot : slots) {
            assertEquals(slot == kept, isTouched(slot));
            if (slot != kept && !Guards.areMarks()) {
                continue; // it gets new ones when it is taken again
            }
            long stack = slot.stack().address();
            assertTrue(OwnMemory.isReadable(stack));
            assertFalse(OwnMemory.isReadable(stack - 1));
            assertFalse(OwnMemory.isReadable(slot.address()));
            assertFalse(OwnMemory.isReadable(slot.address() + slot.geometry().outerGuardBytes() - 1));
            assertTrue(OwnMemory.isReadable(slot.address() + slot.geometry().outerGuardBytes()));
        }
        pool.give(kept, NOTHING);
    }

    /** Not one call for each, and none for a slab that is unmapped. */
    static final class NoCallForOne {
        public static void main(String... arguments) {
            FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(1, geometry(64 << 10).totalBytes()).with(Errno.EPERM);
            StackPool pool = StackPool.bounded(1 << 20);
            touched(pool, 29).forEach(slot -> pool.give(slot, NOTHING)); // 3, 3, 3, 3, and a bit
            long warm = pool.warmBytes() >> 16;
            pool.trim();
            StackPool none = StackPool.bounded(0);
            none.give(none.take(geometry(64 << 10)), NOTHING);
            System.out.print(warm + " were warm");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void give_neighboursCoolTogether_areOneCall() {
        ChildJvm.Result result = ChildJvm.of(NoCallForOne.class).run();
        assertEquals("14 were warm", result.out(), result::toString);
    }

    private static void takeAndGive(StackPool pool, long mark) {
        for (int i = 0; i < 300; i++) {
            List<StackSlot> slots = new ArrayList<>();
            for (int j = 0; j < 6; j++) {
                StackSlot slot = pool.take(geometry(64 << 10));
                slot.stack().set(JAVA_LONG, 0, mark);
                slots.add(slot);
            }
            for (StackSlot slot : slots) {
                assertEquals(mark, slot.stack().get(JAVA_LONG, 0));
                pool.give(slot, NOTHING);
            }
        }
    }

    @Test
    void give_byManyWhileOthersTake_nobodyHasAnothersStack() throws Exception {
        StackPool small = StackPool.bounded(4 * (64 << 10));
        try (ExecutorService users = Executors.newFixedThreadPool(4)) { // not CompletableFuture: with two CPUs, it has one thread
            List<Future<?>> ends = new ArrayList<>();
            for (long user = 1; user <= 4; user++) {
                long mark = user;
                ends.add(users.submit(() -> takeAndGive(small, mark)));
            }
            for (Future<?> end : ends) {
                end.get(60, TimeUnit.SECONDS);
            }
        }
        assertTrue(small.warmBytes() <= 4 * (64 << 10));
        small.trim();
        assertEquals(0, small.warmBytes());
    }

    /** Also where each guard is one: see {@code KernelBefore613} of StartFailureTest. */
    @Test
    void trim_allButOneOfASlab_leavesAFewMappings() {
        int before = MemoryMap.read().regions().size();
        List<StackSlot> slots = touched(pool, 200);
        StackSlot kept = slots.remove(100);
        slots.forEach(slot -> pool.give(slot, NOTHING));
        pool.trim();
        int more = MemoryMap.read().regions().size() - before;
        assertTrue(more <= 20, more + " mappings more");
        pool.give(kept, NOTHING);
    }

    @Test
    void cold_slotTakenAgain_stillHasItsGuards() {
        StackPool none = StackPool.bounded(0);
        StackSlot kept = none.take(geometry(64 << 10)); // so that the slab stays
        StackSlot slot = none.take(geometry(64 << 10));
        none.give(slot, NOTHING);
        assertSame(slot, none.take(geometry(64 << 10)));
        long stack = slot.stack().address();
        assertTrue(OwnMemory.isReadable(stack));
        assertFalse(OwnMemory.isReadable(stack - 1));
        assertFalse(OwnMemory.isReadable(slot.address()));
        none.give(kept, NOTHING);
        none.give(slot, NOTHING);
    }

    @Test
    void trim_allGivenBack_unmapsEverything() {
        List<StackSlot> slots = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            slots.add(pool.take(geometry(64 << 10)));
        }
        long address = slots.getFirst().address();
        assertTrue(MemoryMap.regionAt(address).isPresent());
        slots.forEach(slot -> pool.give(slot, NOTHING));
        pool.trim();
        assertTrue(slots.stream().allMatch(slot -> MemoryMap.regionAt(slot.address()).isEmpty()));
    }

    @Test
    void prepare_usedSlot_leavesNothingOfTheThreadBefore() {
        StackSlot slot = pool.take(geometry(64 << 10));
        slot.control().fill((byte) 0x5A);
        slot.exit().fill((byte) 0x5A);
        slot.prepare(0x1111, 0x2222);
        MemorySegment used = slot.control();
        for (long offset = 0; offset < used.byteSize(); offset += 8) {
            long value = used.get(JAVA_LONG, offset);
            assertNotEquals(0x5A5A5A5A5A5A5A5AL, value, "at " + offset);
        }
        assertEquals(0, slot.result());
        assertEquals(0, slot.failure());
        assertEquals(0, slot.futexWord().get(JAVA_INT, 0));
    }

    @Test
    void handle_ofAThreadThatIsGone_hasNoCanary() {
        NativeThread thread = NativeThread.start(function("identity"), 1);
        MemorySegment handle = MemorySegment.ofAddress(thread.handle()).reinterpret(8);
        assertEquals(0xDEADBEEF, handle.get(JAVA_INT, 4));
        thread.close();
        assertEquals(0, handle.get(JAVA_INT, 4));
    }

    @Test
    void parkedThreads_manyAtOnce_costAFewMappings() {
        int many = 1_000;
        List<NativeThread> threads = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8, 8);
            int before = MemoryMap.read().regions().size();
            NativeThreadBuilder builder = NativeThread.builder().stackSize(64 << 10);
            for (int i = 0; i < many; i++) {
                threads.add(builder.start(function("wait_for_word"), word));
            }
            int mappings = MemoryMap.read().regions().size() - before;
            Futex futex = Futex.ofShared(word);
            futex.set(1);
            futex.wakeAll();
            threads.forEach(NativeThread::close);
            // Where a guard is a mapping of its own, four for each thread; otherwise two for each slab.
            int most = Guards.areMarks() ? 20 : 4 * many + 20;
            assertTrue(mappings <= most, mappings + " mappings");
        }
    }

    /** So that many threads have few slabs; and none is so large that it can't be had, or takes all that there is left. */
    @Test
    void take_many_slabsGrowByAQuarterOfWhatThereIsUpToAGibibyte() {
        StackPool pool = StackPool.bounded(0);
        List<StackSlot> slots = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            slots.add(pool.take(geometry(16 << 20)));
        }
        List<Long> room = List.copyOf(slots.stream()
                .collect(Collectors.groupingBy(StackSlot::slab, LinkedHashMap::new, Collectors.counting())).values());
        List<Long> full = room.subList(0, room.size() - 1);
        assertEquals(List.of(3L, 3L, 3L), full.subList(0, 3));
        assertEquals(full.stream().sorted().toList(), full);
        assertEquals(63, full.getLast());
        for (int i = 6; i < full.size(); i++) {
            long before = full.subList(0, i).stream().mapToLong(Long::longValue).sum();
            assertTrue(full.get(i) <= Math.max(3, before / 4 + 1), room::toString);
        }
        slots.forEach(slot -> pool.give(slot, NOTHING));
    }

    @Test
    void take_lastOfItsSlab_hasGuardsAndAControlBlockOfItsOwn() {
        for (StackPages pages : List.of(StackPages.USUAL, StackPages.USUAL.withHuge())) {
            StackPool pool = StackPool.bounded(0);
            StackGeometry geometry = new StackGeometry(4 << 20, 16 << 10, pages);
            List<StackSlot> slots = new ArrayList<>();
            do {
                slots.add(pool.take(geometry));
            } while (slots.getFirst().slab().hasRoom());
            StackSlot last = slots.getLast();
            long end = last.address() + geometry.totalBytes();
            assertEquals(0, last.stack().address() % geometry.pages().alignment());
            assertTrue(OwnMemory.isReadable(end - 1));
            assertFalse(OwnMemory.isReadable(end));
            assertFalse(OwnMemory.isReadable(end + geometry.outerGuardBytes() - 1));
            assertTrue(last.control().address() + last.control().byteSize() <= slots.getFirst().address());
            slots.forEach(slot -> pool.give(slot, NOTHING));
        }
    }

    @Test
    void take_otherPagesWanted_isAnotherStack() {
        StackPool pool = StackPool.bounded(64 << 20);
        StackSlot slot = pool.take(geometry(64 << 10));
        pool.give(slot, NOTHING);
        StackGeometry prefaulted = new StackGeometry(64 << 10, 16 << 10, StackPages.USUAL.withPrefaulted());
        assertNotSame(slot, pool.take(prefaulted));
    }

    @Test
    void take_twoWouldFit_isTheSmaller() {
        StackPool pool = StackPool.bounded(64 << 20);
        StackSlot small = pool.take(geometry(1200 << 10));
        StackSlot large = pool.take(geometry(1500 << 10));
        pool.give(large, NOTHING);
        pool.give(small, NOTHING);
        assertSame(small, pool.take(geometry(1024 << 10)));
        assertSame(large, pool.take(geometry(1024 << 10)));
    }

    @Test
    void trim_detachedThreadHasEnded_givesItsStackToTheKernel() throws Exception {
        StackPool pool = StackPool.bounded(64 << 20);
        NativeThread thread = NativeThread.builder().pool(pool).stackSize(1 << 20).start(function("sleep_millis"), 30);
        long handle = thread.handle();
        thread.detach();
        assertEquals(0, pool.warmBytes());
        while (MemoryMap.regionAt(handle).isPresent()) {
            Thread.sleep(1);
            pool.trim();
        }
        assertEquals(0, pool.warmBytes());
    }
}
