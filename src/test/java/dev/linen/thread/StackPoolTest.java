package dev.linen.thread;

import static dev.linen.testing.TestFunctions.function;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import dev.linen.futex.Futex;
import dev.linen.internal.stack.SlotPool;
import dev.linen.internal.stack.StackGeometry;
import dev.linen.internal.stack.StackLease;
import dev.linen.internal.stack.StackPages;
import dev.linen.internal.stack.StackSlot;
import dev.linen.memory.MemoryMap;
import dev.linen.testing.Guards;

/** Threads, and the pool that keeps their stacks. */
class StackPoolTest {

    @Test
    void prepare_usedSlot_overwritesAllOfTheThreadBefore() {
        SlotPool pool = new SlotPool(0);
        StackLease lease = new StackLease();
        StackSlot slot = pool.take(new StackGeometry(64 << 10, 16 << 10, StackPages.USUAL), lease);
        ControlBlock block = new ControlBlock(slot);
        slot.control().fill((byte) 0x5A);
        slot.exit().fill((byte) 0x5A);
        block.prepare(0x1111, 0x2222, 0x3333);
        MemorySegment used = slot.control();
        for (long offset = 0; offset < used.byteSize(); offset += 8) {
            long value = used.get(JAVA_LONG, offset);
            assertNotEquals(0x5A5A5A5A5A5A5A5AL, value, "at " + offset);
        }
        assertEquals(0, block.result());
        assertEquals(0, block.failure());
        assertTrue(block.hasEnded());
        pool.giveBack(lease, /* warm */ true);
    }

    @Test
    void handle_ofAClosedThread_hasNoCanary() {
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
            // If a guard is a mapping of its own, four for each thread; otherwise two for each slab.
            int most = Guards.areMarks() ? 20 : 4 * many + 20;
            assertTrue(mappings <= most, mappings + " mappings");
        }
    }

    @Test
    void trim_detachedThreadHasEnded_unmapsItsStack() throws Exception {
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

    @Test
    void start_detachedThreadStillRuns_isOnAnotherStackUntilItEnded() throws Exception {
        StackPool pool = StackPool.bounded(64 << 20);
        NativeThreadBuilder builder = NativeThread.builder().pool(pool).stackSize(1 << 20);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(8, 8);
            NativeThread running = builder.start(function("wait_for_word"), word);
            long handle = running.handle();
            running.detach();
            try (NativeThread other = builder.start(function("identity"), 1)) {
                assertNotEquals(handle, other.handle());
                other.join();
            }
            Futex futex = Futex.ofShared(word);
            futex.set(1);
            futex.wakeAll();
            while (pool.warmBytes() < 2 << 20) { // without any other call of linen meanwhile
                Thread.sleep(1);
            }
        }
    }
}
