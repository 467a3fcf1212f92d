package dev.linen.internal.fault;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.linen_action;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * What the process does on a signal: the kernel's {@code struct sigaction}, read and set by the raw {@code
 * rt_sigaction}, because libc's sigaction may be somebody else's (libjsig). In {@code struct linen_action} its addresses
 * are longs: accessors of another type would have to be spun by the JDK before the first thread starts.
 *
 * @param handler an address, or SIG_DFL (0), or SIG_IGN (1)
 * @param flags SA_SIGINFO, SA_ONSTACK, ...
 * @param restorer where the handler returns to, with SA_RESTORER
 * @param mask the signals blocked meanwhile, a bit each
 * @see <a href="https://man7.org/linux/man-pages/man2/sigaction.2.html">rt_sigaction(2)</a>
 */
record SignalAction(long handler, long flags, long restorer, long mask) {

    static SignalAction of(int signal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment now = arena.allocate(linen_action.layout());
            invoke(signal, MemorySegment.NULL, now);
            return read(now);
        }
    }

    /** Sets it; returns what there was. */
    SignalAction install(int signal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment wanted = arena.allocate(linen_action.layout());
            linen_action.handler(wanted, handler);
            linen_action.flags(wanted, flags);
            linen_action.restorer(wanted, restorer);
            linen_action.mask(wanted, mask);
            MemorySegment before = arena.allocate(linen_action.layout());
            invoke(signal, wanted, before);
            return read(before);
        }
    }

    /**
     * Spelled out: a record's own equals is spun by the JDK when it is first called, before the first thread starts.
     */
    boolean isSameAs(SignalAction other) {
        return handler == other.handler && flags == other.flags && restorer == other.restorer && mask == other.mask;
    }

    private static SignalAction read(MemorySegment struct) {
        return new SignalAction(linen_action.handler(struct), linen_action.flags(struct), linen_action.restorer(struct),
                linen_action.mask(struct));
    }

    private static void invoke(int signal, MemorySegment wanted, MemorySegment before) {
        long result = Syscall.invoke(SyscallNumber.RT_SIGACTION, signal, wanted.address(), before.address(),
                linen_action.mask$layout().byteSize());
        if (Syscall.isError(result)) {
            throw new SyscallException("rt_sigaction", result, signal, "...", "...", 8);
        }
    }
}
