package importer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.linen.junit.ChildJvm;
import dev.linen.junit.FailingSyscall;
import dev.linen.junit.LinuxOnly;
import dev.linen.junit.NoLeaks;
import dev.linen.memory.Mapping;
import dev.linen.syscall.Errno;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;
import org.junit.jupiter.api.Test;

/** Shows what dev.linen.junit is for: see linen's docs/testing.md. */
@LinuxOnly(minKernel = "3.17")
class KernelTest {

    @Test
    @NoLeaks
    void keepInSecondPage_aHundredTimes_leavesNothing() {
        for (int number = 0; number < 100; number++) {
            assertEquals(number, Importer.keepInSecondPage(number));
        }
    }

    /** If memory can't be mapped, the error reaches the caller unchanged. */
    @Test
    void keepInSecondPage_noMemory_tellsTheCall() {
        ChildJvm.Result child = ChildJvm.of(() -> {
            // Only calls with this size fail: the JVM maps memory, too, and needs it.
            FailingSyscall.of(SyscallNumber.MMAP).whenArgument(1, 2 * Mapping.pageSize()).with(Errno.ENOMEM);
            try {
                Importer.keepInSecondPage(42);
            } catch (SyscallException failed) {
                System.out.print(failed.call() + " " + failed.errno());
            }
        }).run();
        assertEquals("mmap ENOMEM", child.out(), child::toString);
    }
}
