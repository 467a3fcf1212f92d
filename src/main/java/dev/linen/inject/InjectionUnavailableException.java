package dev.linen.inject;

/** Thrown if system calls can't be supervised in this process. The reason says why; a test should then be skipped. */
public final class InjectionUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Why system calls can't be supervised. */
    public enum Reason {
        /** linen has no native library for this platform, or native access isn't enabled. */
        NO_LINEN,
        /** EBUSY: another supervisor, in this process or around it, has a listener; the kernel allows one. */
        ANOTHER_LISTENER,
        /** ESRCH: a thread has a seccomp filter of its own, such as one of {@code FailingSyscall}. */
        THREAD_WITH_FILTER,
        /** EINVAL: the kernel is older than Linux 5.19. */
        OLD_KERNEL,
        /** ENOSYS: no seccomp, as in gVisor and under qemu-user. */
        NO_SECCOMP,
        /** EACCES, EPERM, ...: a policy forbids it. */
        REFUSED,
        /** libc's code can't be found: it is linked into the program, or there is no {@code /proc}. */
        NO_LIBC,
        /**
         * Addresses aren't randomized ({@code setarch -R}): children would have libc where this process has it, and so
         * would be stopped, too.
         */
        FIXED_ADDRESSES
    }

    /** Why. */
    private final Reason reason;

    InjectionUnavailableException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * Returns why system calls can't be supervised.
     *
     * @return the reason, for a program; the message is for a reader
     */
    public Reason reason() {
        return reason;
    }
}
