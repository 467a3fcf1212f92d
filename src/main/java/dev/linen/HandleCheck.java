package dev.linen;

import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_handle;
import dev.linen.memory.Peek;
import dev.linen.syscall.Errno;

/** Checks a handle of unknown origin without crashing. */
final class HandleCheck {

    private HandleCheck() {}

    /**
     * Returns the error for an address that isn't the handle of a joinable thread: EFAULT if it isn't mapped, EINVAL if
     * it has no canary, ESRCH if it has a canary but {@code threadCreate} didn't create it.
     */
    static Errno errorAt(long handle) {
        byte[] copy = new byte[(int) linen_handle.sizeof()];
        if (!Peek.read(handle, copy)) {
            return Errno.EFAULT;
        }
        boolean canary = (int) linen_handle.canary$layout().withByteAlignment(1).varHandle().get(
                MemorySegment.ofArray(copy), linen_handle.canary$offset()) == LinenH.LINEN_CANARY;
        return canary ? Errno.ESRCH : Errno.EINVAL;
    }
}
