package dev.linen.thread;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.linen.internal.linux.x86_64.sigaction;
import dev.linen.syscall.Syscall;
import dev.linen.syscall.SyscallException;
import dev.linen.syscall.SyscallNumber;

/**
 * What the process does on a signal: the kernel's {@code struct sigaction}, read and set by the raw {@code rt_sigaction}, because
 * libc's sigaction may be somebody else's (libjsig).
 *
 * @param handler an address, or 0 for the default, or 1 to ignore it
 * @param flags SA_SIGINFO, SA_ONSTACK, ...
 * @param restorer where the handler returns to
 * @param mask the signals blocked meanwhile, a bit each
 * @see <a href="https://man7.org/linux/man-pages/man2/sigaction.2.html">rt_sigaction(2)</a>
 */
record SignalAction(long handler, long flags, long restorer, long mask) {

    static SignalAction of(int signal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment now = arena.allocate(sigaction.layout());
            invoke(signal, MemorySegment.NULL, now);
            return read(now);
        }
    }

    /** Sets it; returns what there was. */
    SignalAction install(int signal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment wanted = arena.allocate(sigaction.layout());
            sigaction.sa_handler(wanted, MemorySegment.ofAddress(handler));
            sigaction.sa_flags(wanted, flags);
            sigaction.sa_restorer(wanted, MemorySegment.ofAddress(restorer));
            sigaction.sa_mask(wanted, mask);
            MemorySegment before = arena.allocate(sigaction.layout());
            invoke(signal, wanted, before);
            return read(before);
        }
    }

    private static SignalAction read(MemorySegment struct) {
        return new SignalAction(sigaction.sa_handler(struct).address(), sigaction.sa_flags(struct),
                sigaction.sa_restorer(struct).address(), sigaction.sa_mask(struct));
    }

    private static void invoke(int signal, MemorySegment wanted, MemorySegment before) {
        long result = Syscall.invoke(SyscallNumber.RT_SIGACTION, signal, wanted.address(), before.address(),
                sigaction.sa_mask$layout().byteSize());
        if (Syscall.isError(result)) {
            throw new SyscallException("rt_sigaction", result, signal, "...", "...", 8);
        }
    }
}
