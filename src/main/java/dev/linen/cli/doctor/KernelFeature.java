package dev.linen.cli.doctor;

import java.util.Optional;
import java.util.function.LongSupplier;

import dev.linen.syscall.Errno;

/**
 * Something that not every kernel has or allows, and what linen does without it. Its probe is a call without side
 * effects.
 */
public enum KernelFeature {

    GUARD_INSTALL("MADV_GUARD_INSTALL", "each guard and each stack is a mapping of its own",
            KernelProbes::guardInstall),

    MEMFD("memfd_create+exec", "the native part is loaded from a temporary file", KernelProbes::executableMemfd),

    MSEAL("mseal", "any code in the process can unmap machine code", KernelProbes::mseal),

    PROCMAP_QUERY("PROCMAP_QUERY", "to find one mapping, linen reads /proc/self/maps", KernelProbes::procmapQuery),

    PAGEMAP("pagemap", "the stack usage of a thread is unknown", KernelProbes::pagemap),

    PROCESS_VM_READV("process_vm_readv", "every invalid handle is reported as ESRCH", KernelProbes::processVmReadv),

    FUTEX2("futex2", "linen waits with futex instead", KernelProbes::futex2),

    FUTEX_WAITV("futex_waitv", "linen itself doesn't use it: one thread waits for all", KernelProbes::futexWaitv),

    IO_URING("io_uring", "linen itself doesn't use it", KernelProbes::ioUring),

    LANDLOCK("landlock", "linen itself doesn't use it", KernelProbes::landlock),

    USERFAULTFD("userfaultfd", "linen itself doesn't use it", KernelProbes::userfaultfd);

    private final String title;
    private final String without;
    @SuppressWarnings("ImmutableEnumChecker") // a method reference that captures nothing
    private final LongSupplier probe;

    KernelFeature(String title, String without, LongSupplier probe) {
        this.title = title;
        this.without = without;
        this.probe = probe;
    }

    /** The usual name. */
    public String title() {
        return title;
    }

    /** What linen does without the feature. */
    public String without() {
        return without;
    }

    /** Why the feature can't be used; empty if it can. */
    Optional<Errno> refusal() {
        return Errno.ofResult(probe.getAsLong());
    }
}
