package dev.linen;

import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.LinenH;
import dev.linen.internal.linux.linen_handle;
import dev.linen.memory.Peek;
import dev.linen.syscall.Errno;

/** Looks at what claims to be a handle without trusting it. */
final class HandleCheck {

    private HandleCheck() {}

    /**
     * What is wrong with a handle that no thread of threadCreate's has: EFAULT, nothing is mapped there; EINVAL, no canary;
     * ESRCH, a canary, but somebody else's.
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
