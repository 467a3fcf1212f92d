/*
 * thread.c: the start of a thread, on both sides of clone, and its end. Java does everything else.
 */
#include "thread.h"
#include <asm/signal.h>
#include <linux/futex.h>
#include <stddef.h>

#define BIT(signal) (1UL << ((signal) - 1))

/*
 * Signals that an instruction raises on its own thread. They are never blocked: if an instruction raises a blocked one,
 * the kernel kills the whole process.
 */
#define SYNCHRONOUS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGSYS))

/*
 * Signals that glibc and musl reserve, to cancel a thread and to change the user of all threads. They must not be
 * blocked on libc's threads: libc waits until their handlers have run.
 */
#define OF_LIBC (BIT(32) | BIT(33) | BIT(34))

/* The timers of profilers. Blocked on a thread that may run Java, they would hide it from a profiler. */
#define OF_PROFILERS (BIT(SIGPROF) | BIT(SIGVTALRM))

/* Java checks it after loading the library. */
EXPORT const uint32_t linen_abi = LINEN_ABI;

static long set_signal_mask(const unsigned long *mask, unsigned long *before)
{
    return cpu_syscall(__NR_rt_sigprocmask, SIG_SETMASK, (long)mask, (long)before, sizeof *mask, 0, 0);
}

/*
 * Starts the thread that *control describes. Returns its tid, or -errno.
 *
 * The child inherits the caller's signal mask, so the caller blocks all signals except the synchronous ones during
 * clone. No handler of the JVM or of a profiler therefore ever runs on the thread, and the thread itself needs no
 * system call for that.
 */
EXPORT long linen_clone(struct linen_control *control, unsigned long flags)
{
    const unsigned long asynchronous = ~SYNCHRONOUS;
    unsigned long before;
    long result = set_signal_mask(&asynchronous, &before);
    if (result < 0)
        return result;
    uint64_t tid = control->exit + offsetof(struct linen_exit, handle.futex);
    result = cpu_clone(flags, control->exit, tid, control->thread_pointer, control);
    if (result > 0)
        __atomic_store_n(&control->tid, result, __ATOMIC_RELAXED); /* not by Java, where an error could come first */
    set_signal_mask(&before, NULL);
    return result;
}

/*
 * Adds the thread to its exit list, if Java watches it. Its control block stays valid until Java has seen the futex
 * cleared. The exchange decides for both sides: either Java has set LINEN_WATCHED in time and is notified, or it finds
 * LINEN_ENDING and must wait for the futex.
 */
static void announce(struct linen_control *control)
{
    if (__atomic_exchange_n(&control->watch, LINEN_ENDING, __ATOMIC_ACQ_REL) != LINEN_WATCHED)
        return;
    struct linen_exit_list *list = (struct linen_exit_list *)control->exit_list;
    uint64_t first = __atomic_load_n(&list->first, __ATOMIC_RELAXED);
    do
        control->next = first;
    while (!__atomic_compare_exchange_n(&list->first, &first, (uint64_t)control, 1, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    __atomic_fetch_add(&list->rung, 1, __ATOMIC_RELEASE);
    cpu_syscall(__NR_futex, (long)&list->rung, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
}

/*
 * The last that a thread does before it exits. The fence is for those who find the futex cleared: the kernel clears it
 * by a plain store, which a CPU with weak memory order could otherwise make visible before what the thread has written,
 * its announcement among it.
 */
void announce_end(struct linen_control *control)
{
    announce(control);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

/* clone gives the child none, but without one a stack overflow couldn't be handled. */
static long set_signal_stack(const struct linen_control *control)
{
    stack_t signal_stack = {.ss_sp = (void *)control->signal_stack, .ss_size = control->signal_stack_bytes};
    return cpu_syscall(__NR_sigaltstack, (long)&signal_stack, 0, 0, 0, 0, 0);
}

/* Makes the calls that Java has prepared for the thread. Returns 0, or the -errno of the first call that failed. */
static long set_up(struct linen_control *control)
{
    const struct linen_call *calls = (const struct linen_call *)control->setup;
    for (uint32_t i = 0; i < control->setup_calls; i++) {
        const int64_t *a = calls[i].arguments;
        long result = cpu_syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], 0);
        control->failed_call = i;
        if (result < 0)
            return result;
    }
    return 0;
}

/* Notifies the creator, if it waits, that the calls have been made. Their memory belongs to the creator again. */
static void report_ready(struct linen_control *control)
{
    if (control->ready != LINEN_AWAITED)
        return;
    __atomic_store_n(&control->ready, LINEN_READY, __ATOMIC_RELEASE);
    cpu_syscall(__NR_futex, (long)&control->ready, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
}

/*
 * What every thread does, after its first call, which may have failed. Inlined, so that a backtrace shows only one
 * frame of linen's.
 */
static inline __attribute__((always_inline)) void live(struct linen_control *control, long failure)
{
    control->failed_call = LINEN_SIGALTSTACK;
    if (failure == 0)
        failure = set_up(control);
    if (failure == 0 && control->jvm != 0) {
        control->failed_call = LINEN_ATTACH;
        failure = attach(control);
    }
    control->failure = failure;
    report_ready(control);
    if (failure == 0) {
        uint64_t (*function)(uint64_t) = (uint64_t(*)(uint64_t))control->function;
        ((struct linen_exit *)control->exit)->result = function(control->argument);
        if (control->jvm != 0)
            detach(control);
    }
    announce_end(control);
}

/*
 * The outermost function of a cloned thread: cpu_clone jumps here on the new stack. Exported, so that backtraces end
 * with its name.
 */
EXPORT _Noreturn void linen_child(struct linen_control *control)
{
    CPU_OUTERMOST_FRAME;
    live(control, set_signal_stack(control));
    for (;;) /* exit never returns: the loop tells the compiler so */
        cpu_syscall(__NR_exit, 0, 0, 0, 0, 0, 0);
}

/*
 * What pthread_create runs for Kind.POSIX. At the end of such a thread, the kernel clears a word of libc's. The one in
 * the handle is set here, and cleared by Java once libc no longer uses the stack.
 */
EXPORT void *linen_posix_child(void *argument)
{
    struct linen_control *control = argument;
    struct linen_exit *exit = (struct linen_exit *)control->exit;
    const unsigned long asynchronous = ~(SYNCHRONOUS | OF_LIBC | OF_PROFILERS);
    set_signal_mask(&asynchronous, NULL);
    uint32_t tid = cpu_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
    __atomic_store_n(&control->tid, tid, __ATOMIC_RELAXED); /* what publishes both is report_ready */
    __atomic_store_n(&exit->handle.futex, tid, __ATOMIC_RELAXED);
    live(control, 0);
    return (void *)exit->result;
}
