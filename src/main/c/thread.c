/*
 * thread.c: the two sides of clone. Everything else about a thread is done in Java.
 */
#include "cpu.h"
#include <asm/signal.h>
#include <stddef.h>

#define BIT(signal) (1UL << ((signal) - 1))

/*
 * Signals that an instruction raises on its own thread. They stay open: the kernel kills the whole process when
 * one of them is raised while blocked.
 */
#define SYNCHRONOUS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGSYS))

/* Read by Java when it has loaded the library. */
__attribute__((visibility("default"))) const uint32_t linen_abi = LINEN_ABI;

static long set_signal_mask(const unsigned long *mask, unsigned long *before)
{
    return cpu_syscall(__NR_rt_sigprocmask, SIG_SETMASK, (long)mask, (long)before, sizeof *mask, 0, 0);
}

/*
 * Starts the thread that *control describes; returns its tid, or -errno.
 *
 * The child inherits the caller's signal mask. So the caller blocks everything but the synchronous signals for
 * the length of the clone: no handler of the JVM's or of a profiler's ever runs on the thread, and the thread
 * needs no call of its own for that.
 */
__attribute__((visibility("default"))) long linen_clone(struct linen_control *control, unsigned long flags)
{
    const unsigned long asynchronous = ~SYNCHRONOUS;
    unsigned long before;
    long result = set_signal_mask(&asynchronous, &before);
    if (result < 0)
        return result;
    uint64_t tid = control->exit + offsetof(struct linen_exit, handle.futex);
    result = cpu_clone(flags, control->exit, tid, control->tls.self, control);
    set_signal_mask(&before, NULL);
    return result;
}

/*
 * The thread's first and last function; cpu_clone jumps here on the new stack. The signal stack is set by the
 * thread itself, because clone clears it.
 */
__attribute__((visibility("hidden"), used)) _Noreturn void linen_child(struct linen_control *control)
{
    stack_t signal_stack = {.ss_sp = (void *)control->signal_stack, .ss_size = control->signal_stack_bytes};
    control->failure = cpu_syscall(__NR_sigaltstack, (long)&signal_stack, 0, 0, 0, 0, 0);
    if (control->failure == 0) {
        uint64_t (*function)(uint64_t) = (uint64_t(*)(uint64_t))control->function;
        ((struct linen_exit *)control->exit)->result = function(control->argument);
    }
    for (;;) /* exit doesn't return; the loop tells the compiler */
        cpu_syscall(__NR_exit, 0, 0, 0, 0, 0, 0);
}
