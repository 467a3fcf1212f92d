package dev.linen.internal.stack;

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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.memory.Mapping;
import dev.linen.memory.MemoryMap;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallNumber;
import dev.linen.testing.Guards;
import dev.linen.testing.OwnMemory;

class SlotPoolTest {

    private static final Map<StackSlot, Runnable> GIVE_BACK = new ConcurrentHashMap<>();

    private static StackSlot take(SlotPool pool, StackGeometry wanted) {
        StackLease lease = new StackLease();
        StackSlot slot = pool.take(wanted, lease);
        GIVE_BACK.put(slot, () -> pool.giveBack(lease, /* warm */ true));
        return slot;
    }

    private static void give(StackSlot slot) {
        GIVE_BACK.remove(slot).run();
    }

    private static StackGeometry geometry(long stackBytes) {
        return new StackGeometry(stackBytes, 16 << 10, StackPages.USUAL);
    }

    private final SlotPool pool = new SlotPool(1 << 20);

    @Test
    void take_afterGive_isTheSameSlot() {
        StackSlot slot = take(pool, geometry(64 << 10));
        give(slot);
        assertSame(slot, take(pool, geometry(64 << 10)));
    }

    @Test
    void take_severalGiven_isTheLastOne() {
        StackSlot first = take(pool, geometry(64 << 10));
        StackSlot second = take(pool, geometry(64 << 10));
        give(second);
        give(first);
        assertSame(first, take(pool, geometry(64 << 10)));
    }

    @Test
    void take_onlyLargerOnesAreWarm_isTheSmallestThatIsLargeEnough() {
        StackSlot large = take(pool, geometry(256 << 10));
        StackSlot middle = take(pool, geometry(128 << 10));
        StackSlot small = take(pool, geometry(64 << 10));
        List.of(large, middle, small).forEach(slot -> give(slot));
        assertSame(middle, take(pool, geometry(100 << 10)));
    }

    @Test
    void take_onlyMuchLargerOnesAreWarm_isANewOne() {
        StackSlot large = take(pool, geometry(512 << 10));
        give(large);
        assertNotSame(large, take(pool, geometry(64 << 10)));
    }

    @Test
    void take_guardTooSmall_isANewOne() {
        StackSlot slot = take(pool, geometry(64 << 10));
        give(slot);
        assertNotSame(slot, take(pool, new StackGeometry(64 << 10, 32 << 10, StackPages.USUAL)));
    }

    @Test
    void give_moreThanTheBound_evictsTheOldest() {
        StackSlot oldest = take(pool, geometry(512 << 10));
        StackSlot middle = take(pool, geometry(512 << 10));
        StackSlot newest = take(pool, geometry(512 << 10));
        for (StackSlot slot : List.of(oldest, middle, newest)) {
            slot.stack().asSlice(0, Mapping.pageSize()).fill((byte) 1);
            give(slot);
        }
        assertFalse(isTouched(oldest)); // its pages were discarded
        assertTrue(isTouched(middle));
        assertTrue(isTouched(newest));
    }

    /** Returns false if the slab is unmapped. */
    private static boolean isTouched(StackSlot slot) {
        return OwnMemory.isReadable(slot.stack().address()) && slot.stack().get(JAVA_LONG, 0) != 0;
    }

    /** Takes neighbouring slots, and touches a page of each. */
    private static List<StackSlot> touched(SlotPool pool, int many) {
        List<StackSlot> slots = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            StackSlot slot = take(pool, geometry(64 << 10));
            slot.stack().asSlice(0, Mapping.pageSize()).fill((byte) 1);
            slots.add(slot);
        }
        return slots;
    }

    @Test
    void give_moreThanTheBound_evictsAnEighthMore() {
        List<StackSlot> slots = touched(pool, 17); // 16 fit
        slots.subList(0, 16).forEach(slot -> give(slot));
        assertEquals(1 << 20, pool.warmBytes());
        give(slots.get(16));
        assertEquals(14 * (64 << 10), pool.warmBytes());
        for (int i = 0; i < 17; i++) {
            assertEquals(i >= 3, isTouched(slots.get(i)), "" + i);
        }
    }

    @Test
    void trim_neighbours_theirGuardsStay() {
        List<StackSlot> slots = touched(pool, 30);
        slots.reversed().forEach(slot -> give(slot));
        StackSlot kept = take(pool, geometry(64 << 10)); // keeps the slab mapped
        pool.trim();
        for (StackSlot slot : slots) {
            assertEquals(slot == kept, isTouched(slot));
            if (slot != kept && !Guards.areMarks()) {
                continue; // its guards are installed again when it is taken
            }
            long stack = slot.stack().address();
            assertTrue(OwnMemory.isReadable(stack));
            assertFalse(OwnMemory.isReadable(stack - 1));
            assertFalse(OwnMemory.isReadable(slot.address()));
            assertFalse(OwnMemory.isReadable(slot.address() + slot.geometry().outerGuardBytes() - 1));
            assertTrue(OwnMemory.isReadable(slot.address() + slot.geometry().outerGuardBytes()));
        }
        give(kept);
    }

    /** There must be no call for a single slot, and none for a slab that is unmapped. */
    static final class NoCallForOne {
        public static void main(String... arguments) {
            FailingSyscall.of(SyscallNumber.MADVISE).whenArgument(1, geometry(64 << 10).totalBytes()).with(Errno.EPERM);
            SlotPool pool = new SlotPool(1 << 20);
            touched(pool, 29).forEach(slot -> give(slot)); // evicts 3 at once, four times
            long warm = pool.warmBytes() >> 16;
            pool.trim();
            SlotPool none = new SlotPool(0);
            give(take(none, geometry(64 << 10)));
            System.out.print(warm + " were warm");
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    @Test
    void give_neighboursAreEvictedTogether_discardsThemWithOneCall() {
        ChildJvm.Result result = ChildJvm.of(NoCallForOne.class).run();
        assertEquals("14 were warm", result.out(), result::toString);
    }

    private static void takeAndGive(SlotPool pool, long mark) {
        for (int i = 0; i < 300; i++) {
            List<StackSlot> slots = new ArrayList<>();
            for (int j = 0; j < 6; j++) {
                StackSlot slot = take(pool, geometry(64 << 10));
                slot.stack().set(JAVA_LONG, 0, mark);
                slots.add(slot);
            }
            for (StackSlot slot : slots) {
                assertEquals(mark, slot.stack().get(JAVA_LONG, 0));
                give(slot);
            }
        }
    }

    @Test
    void takeAndGive_byManyThreadsAtOnce_neverShareAStack() throws Exception {
        SlotPool small = new SlotPool(4 * (64 << 10));
        // Not CompletableFuture, whose pool has one thread if there are two CPUs.
        try (ExecutorService users = Executors.newFixedThreadPool(4)) {
            List<Future<?>> ends = new ArrayList<>();
            for (long user = 1; user <= 4; user++) {
                long mark = user;
                ends.add(users.submit(() -> takeAndGive(small, mark)));
            }
            for (Future<?> end : ends) {
                end.get(5, TimeUnit.MINUTES);
            }
        }
        assertTrue(small.warmBytes() <= 4 * (64 << 10));
        small.trim();
        assertEquals(0, small.warmBytes());
    }

    /** Also if each guard is a mapping: see {@code KernelBefore613} of StartFailureTest. */
    @Test
    void trim_allButOneOfASlab_leavesAFewMappings() {
        int before = MemoryMap.read().regions().size();
        List<StackSlot> slots = touched(pool, 200);
        StackSlot kept = slots.remove(100);
        slots.forEach(slot -> give(slot));
        pool.trim();
        int more = MemoryMap.read().regions().size() - before;
        assertTrue(more <= 20, more + " additional mappings");
        give(kept);
    }

    @Test
    void cold_slotTakenAgain_stillHasItsGuards() {
        SlotPool none = new SlotPool(0);
        StackSlot kept = take(none, geometry(64 << 10)); // keeps the slab mapped
        StackSlot slot = take(none, geometry(64 << 10));
        give(slot);
        assertSame(slot, take(none, geometry(64 << 10)));
        long stack = slot.stack().address();
        assertTrue(OwnMemory.isReadable(stack));
        assertFalse(OwnMemory.isReadable(stack - 1));
        assertFalse(OwnMemory.isReadable(slot.address()));
        give(kept);
        give(slot);
    }

    @Test
    void trim_allGivenBack_unmapsEverything() {
        List<StackSlot> slots = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            slots.add(take(pool, geometry(64 << 10)));
        }
        long address = slots.getFirst().address();
        assertTrue(MemoryMap.regionAt(address).isPresent());
        slots.forEach(slot -> give(slot));
        pool.trim();
        assertTrue(slots.stream().allMatch(slot -> MemoryMap.regionAt(slot.address()).isEmpty()));
    }

    /**
     * Slabs grow, so that many threads need few of them; but none is too large to be mapped, or takes all remaining
     * memory.
     */
    @Test
    void take_many_slabsGrowByAQuarterUpToAGibibyte() {
        SlotPool pool = new SlotPool(0);
        List<StackSlot> slots = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            slots.add(take(pool, geometry(16 << 20)));
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
        slots.forEach(slot -> give(slot));
    }

    @Test
    void take_lastOfItsSlab_hasGuardsAndAControlBlockOfItsOwn() {
        for (StackPages pages : List.of(StackPages.USUAL, StackPages.USUAL.withHuge())) {
            SlotPool pool = new SlotPool(0);
            StackGeometry geometry = new StackGeometry(4 << 20, 16 << 10, pages);
            List<StackSlot> slots = new ArrayList<>();
            do {
                slots.add(take(pool, geometry));
            } while (slots.size() < slots.getFirst().slab().slots());
            StackSlot last = slots.getLast();
            long end = last.address() + geometry.totalBytes();
            assertEquals(0, last.stack().address() % geometry.pages().alignment());
            assertTrue(OwnMemory.isReadable(end - 1));
            assertFalse(OwnMemory.isReadable(end));
            assertFalse(OwnMemory.isReadable(end + geometry.outerGuardBytes() - 1));
            assertTrue(last.control().address() + last.control().byteSize() <= slots.getFirst().address());
            slots.forEach(slot -> give(slot));
        }
    }

    @Test
    void take_otherPagesWanted_isAnotherStack() {
        SlotPool pool = new SlotPool(64 << 20);
        StackSlot slot = take(pool, geometry(64 << 10));
        give(slot);
        StackGeometry prefaulted = new StackGeometry(64 << 10, 16 << 10, StackPages.USUAL.withPrefaulted());
        assertNotSame(slot, take(pool, prefaulted));
    }

    @Test
    void take_twoWouldFit_isTheSmaller() {
        SlotPool pool = new SlotPool(64 << 20);
        StackSlot small = take(pool, geometry(1200 << 10));
        StackSlot large = take(pool, geometry(1500 << 10));
        give(large);
        give(small);
        assertSame(small, take(pool, geometry(1024 << 10)));
        assertSame(large, take(pool, geometry(1024 << 10)));
    }

}
