package dev.linen.cli;

import java.util.Optional;
import java.util.function.LongSupplier;

import dev.linen.syscall.Errno;

/** Something that not every kernel has or allows, and what linen does without it. Asked for by a call that changes nothing. */
enum KernelFeature {

    GUARD_INSTALL("MADV_GUARD_INSTALL", "each guard and each stack is a mapping of its own",
            KernelProbes::guardInstall),

    MEMFD("memfd_create+exec", "the native part is loaded from a temporary file", KernelProbes::executableMemfd),

    MSEAL("mseal", "machine code can be unmapped by whoever tries", KernelProbes::mseal),

    PROCMAP_QUERY("PROCMAP_QUERY", "to find one mapping, all of them are read", KernelProbes::procmapQuery),

    PAGEMAP("pagemap", "nobody knows how much of a stack was in use", KernelProbes::pagemap),

    PROCESS_VM_READV("process_vm_readv", "every wrong handle is ESRCH", KernelProbes::processVmReadv),

    FUTEX2("futex2", "nothing is lost: linen waits with futex", KernelProbes::futex2),

    FUTEX_WAITV("futex_waitv", "nothing is lost: one thread waits for all", KernelProbes::futexWaitv),

    IO_URING("io_uring", "nothing is lost: linen itself has no use for it", KernelProbes::ioUring),

    LANDLOCK("landlock", "nothing is lost: linen itself has no use for it", KernelProbes::landlock),

    USERFAULTFD("userfaultfd", "nothing is lost: linen itself has no use for it", KernelProbes::userfaultfd);

    private final String title;
    private final String without;
    @SuppressWarnings("ImmutableEnumChecker") // a method reference that has captured nothing
    private final LongSupplier probe;

    KernelFeature(String title, String without, LongSupplier probe) {
        this.title = title;
        this.without = without;
        this.probe = probe;
    }

    /** What people call it. */
    String title() {
        return title;
    }

    /** What linen does where it isn't there. */
    String without() {
        return without;
    }

    /** Why it can't be used; empty when it can. */
    Optional<Errno> refusal() {
        return Errno.ofResult(probe.getAsLong());
    }
}
