package dev.linen.syscall;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import dev.linen.process.Tid;
import dev.linen.testing.Sleepers;

/** While a call runs, no arena of its segments can be closed. */
class HeldSegmentTest {

    private final int[] pipe = pipe();

    private static int[] pipe() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            assertEquals(0, Linux.pipe2(ends, 0));
            return ends.toArray(JAVA_INT);
        }
    }

    @Test
    void arena_closedDuringABlockingRead_refuses() throws InterruptedException {
        Arena arena = Arena.ofShared();
        MemorySegment buffer = arena.allocate(4);
        CompletableFuture<Integer> tid = new CompletableFuture<>();
        CompletableFuture<Long> result = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            tid.complete(Tid.current());
            result.complete(Linux.read(pipe[0], buffer));
        });
        reader.start();
        Sleepers.awaitAsleepIn(tid.join(), SyscallNumber.READ);

        assertThrows(IllegalStateException.class, arena::close);

        write(3);
        assertEquals(3, result.join());
        reader.join();
        assertEquals("abc", buffer.getString(0));
        arena.close();
    }

    /** The last of several segments is held, too: a select that waits for the pipe with a time that isn't reached. */
    @Test
    void arena_ofTheLastOfFiveSegments_refuses() throws InterruptedException {
        Arena arena = Arena.ofShared();
        MemorySegment sets = Arena.global().allocate(128 * 3, 8);
        MemorySegment mask = arena.allocate(16, 8);
        MemorySegment time = Arena.global().allocate(16, 8);
        time.set(JAVA_INT, 0, 1000);
        sets.set(JAVA_INT, Integer.BYTES * (pipe[0] / Integer.SIZE), 1 << pipe[0] % Integer.SIZE);
        CompletableFuture<Integer> tid = new CompletableFuture<>();
        CompletableFuture<Long> result = new CompletableFuture<>();
        Thread selecting = new Thread(() -> {
            tid.complete(Tid.current());
            result.complete(Linux.pselect6(pipe[0] + 1, sets.asSlice(0, 128), sets.asSlice(128, 128),
                    sets.asSlice(256, 128), time, mask));
        });
        selecting.start();
        Sleepers.awaitAsleepIn(tid.join(), SyscallNumber.PSELECT6);

        assertThrows(IllegalStateException.class, arena::close);

        write(1);
        assertEquals(1, result.join());
        selecting.join();
        arena.close();
    }

    private void write(int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(bytes, Linux.write(pipe[1], arena.allocateFrom("abc"), bytes));
        }
    }
}
