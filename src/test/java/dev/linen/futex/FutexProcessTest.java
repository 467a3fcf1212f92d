package dev.linen.futex;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.linen.futex.Futex.Wait;
import dev.linen.internal.linux.Kernel;
import dev.linen.junit.ChildJvm;
import dev.linen.memory.MapFlags;
import dev.linen.memory.Mapping;
import dev.linen.memory.Protection;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallNumber;

/** Tests that need a second process. */
class FutexProcessTest {

    /** Wakes a thread that waits on the first word of a file; prints the number of threads that were woken. */
    static final class WakeOne {
        public static void main(String... arguments) {
            try (Mapping file = map(Path.of(arguments[0]))) {
                Futex futex = Futex.ofShared(file.segment());
                long giveUp = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
                int woken = 0;
                while (woken == 0 && System.nanoTime() < giveUp) {
                    woken = futex.wake(1);
                }
                System.out.print("woken " + woken);
            }
        }
    }

    @Test
    void wake_fromAnotherProcess_wakesTheWaiterHere(@TempDir Path directory) throws IOException {
        Path path = Files.write(directory.resolve("word"), new byte[4]);
        try (Mapping file = map(path)) {
            Futex futex = Futex.ofShared(file.segment());
            Waiter waiter = Waiter.start(file.segment(),
                    () -> futex.awaitUntil(0, System.nanoTime() + TimeUnit.MINUTES.toNanos(2)));
            ChildJvm.Result child = ChildJvm.of(WakeOne.class).run(path.toString());
            assertEquals("woken 1", child.out(), child::toString);
            assertEquals(Wait.WOKEN, waiter.result());
        }
    }

    private static Mapping map(Path file) {
        return Mapping.file(file, Protection.READ_WRITE, MapFlags.SHARED);
    }

    /**
     * Sends a signal whose handler does nothing: SIGPIPE, which HotSpot handles. A wait without a deadline is restarted
     * after the handler, so only a wait with a deadline is interrupted.
     */
    static final class Interrupted {
        public static void main(String... arguments) {
            MemorySegment word = Arena.ofAuto().allocate(JAVA_INT);
            Futex futex = Futex.ofPrivate(word);
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            Waiter waiter = Waiter.start(word, () -> futex.awaitUntil(0, deadline));
            long pid = ProcessHandle.current().pid();
            long result = Syscall.invoke(SyscallNumber.TGKILL, pid, waiter.tid(), Kernel.SIGPIPE);
            System.out.print(result + " " + waiter.result());
        }
    }

    @Test
    void awaitUntil_signalHandlerRan_isINTERRUPTED() {
        ChildJvm.Result child = ChildJvm.of(Interrupted.class).run();
        assertEquals("0 INTERRUPTED", child.out(), child::toString);
    }
}
