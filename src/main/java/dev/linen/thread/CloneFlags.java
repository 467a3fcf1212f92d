package dev.linen.thread;

import static dev.linen.internal.linux.Kernel.CLONE_CHILD_CLEARTID;
import static dev.linen.internal.linux.Kernel.CLONE_FILES;
import static dev.linen.internal.linux.Kernel.CLONE_FS;
import static dev.linen.internal.linux.Kernel.CLONE_PARENT_SETTID;
import static dev.linen.internal.linux.Kernel.CLONE_SETTLS;
import static dev.linen.internal.linux.Kernel.CLONE_SIGHAND;
import static dev.linen.internal.linux.Kernel.CLONE_SYSVSEM;
import static dev.linen.internal.linux.Kernel.CLONE_THREAD;
import static dev.linen.internal.linux.Kernel.CLONE_VM;

/**
 * The flags with which a native thread is cloned.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/clone.2.html">clone(2)</a>
 */
final class CloneFlags {

    /**
     * Not CLONE_CHILD_SETTID: the child would write its tid some time after clone has returned, and a join before that
     * would find 0, which means that the thread has ended. Not CLONE_PARENT: CLONE_THREAD implies it, and it fails with
     * EINVAL in the first process of a container. Not CLONE_IO: it only shares the I/O scheduler's accounting.
     */
    static final long BITS = CLONE_VM // the same memory
            | CLONE_FS // the same working directory, root and umask
            | CLONE_FILES // the same file descriptors
            | CLONE_SIGHAND // the same signal handlers; required by CLONE_THREAD
            | CLONE_THREAD // a thread of this process: the same pid, no SIGCHLD at its end
            | CLONE_SYSVSEM // the same System V semaphore undo list; required by qemu-user
            | CLONE_SETTLS // linen's thread-local block; otherwise it would share its creator's errno and malloc cache
            | CLONE_PARENT_SETTID // the tid is in the futex dword before clone returns here
            | CLONE_CHILD_CLEARTID; // the kernel clears the futex dword at the thread's end, and wakes a joiner

    private CloneFlags() {}
}
