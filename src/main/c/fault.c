/*
 * fault.c: a fault on a linen thread ends that thread; signals on other threads are handled as before.
 *
 * Java installs linen_handler for the signals that an instruction can raise, in front of the JVM's handlers. It runs on
 * the thread that faulted, whichever that is: on most threads it must do no more than one load and one jump. It uses no
 * thread-local storage except linen's own block, no libc and no stack protector, because it may run on any kind of
 * thread.
 */
#include "thread.h"
#include <asm/siginfo.h>
#include <asm/signal.h>

typedef void handler(int, siginfo_t *, void *);

/*
 * A mark in si_errno, which the kernel leaves 0: this signal has already been passed on to a handler that was installed
 * after linen's, and that linen's has been put in front of again. If that handler calls its predecessor, it calls
 * linen's again. To pass the signal on to it once more would loop endlessly. The mark is the only evidence: such
 * calls are jumps, so the stack is the same.
 */
#define SEEN 0x6c696e

/*
 * By signal number. Java fills it in before it installs the handler. Protected: exported, but never preempted by
 * another symbol.
 */
__attribute__((visibility("protected"))) struct linen_before linen_before[LINEN_SIGNALS];

CPU_RESTORER(linen_restorer)

/* This is also the main thread's tid. */
static long process_id(void)
{
    return cpu_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0);
}

static void send(long thread, int signal, siginfo_t *info)
{
    cpu_syscall(__NR_rt_tgsigqueueinfo, process_id(), thread, signal, (long)info, 0, 0);
}

/* Does what the kernel would have done, with the same siginfo: the process ends when the handler returns. */
static void take_default_action(int signal, siginfo_t *info)
{
    const struct sigaction defaults = {.sa_handler = SIG_DFL};
    cpu_syscall(__NR_rt_sigaction, signal, (long)&defaults, 0, sizeof defaults.sa_mask, 0, 0);
    send(cpu_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0), signal, info);
}

/*
 * Not linen's: calls the handler before, with the same three arguments. That call is a jump, so the stack is the same
 * as without linen.
 */
static void pass_on(uint64_t *before, uint64_t flags, int signal, siginfo_t *info, void *context)
{
    uint64_t address = *before;
    if (flags & SA_RESETHAND)
        *before = (uint64_t)SIG_DFL; /* the handler is to be called only once */
    if (address == (uint64_t)SIG_IGN && info->si_code <= 0)
        return;
    if (address == (uint64_t)SIG_DFL || address == (uint64_t)SIG_IGN)
        return take_default_action(signal, info); /* ignored, the instruction would raise the signal again and again */
    ((handler *)address)(signal, info, context);
}

/*
 * The control block of the calling thread, found by its signal stack: the kernel reports that, and no stray write of
 * the thread's function can change it. But a thread has no signal stack before its first system call, and its function
 * may install another one. Then the tid decides. Java writes it into the control block as soon as clone has returned;
 * the kernel has written it into the futex dword before.
 */
static struct linen_control *own_control(const struct linen_slab *slab, const struct ucontext *context)
{
    static struct linen_control nobody; /* for a child that a function cloned itself, with linen's thread pointer */
    struct linen_control *controls = (struct linen_control *)slab->controls;
    uint64_t distance = (uint64_t)context->uc_stack.ss_sp - slab->signal_stack;
    if (distance % slab->buffer_bytes == 0 && distance / slab->buffer_bytes < slab->buffers)
        return &controls[distance / slab->buffer_bytes];
    uint32_t tid = cpu_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
    for (uint64_t i = 0; i < slab->buffers; i++) {
        uint32_t noted = controls[i].tid; /* 0 until Java has written it; kept after the thread's end */
        if (controls[i].thread_pointer == 0 || (noted != 0 && noted != tid))
            continue; /* another thread's stack, which may hold anything */
        uint32_t futex = ((const struct linen_exit *)controls[i].exit)->handle.futex;
        if (futex == tid || (noted == tid && futex != 0))
            return &controls[i];
    }
    return &nobody;
}

/*
 * Linen's: records the fault, notifies Java and ends the thread. The kernel clears the dword in the handle, as at every
 * end.
 */
static void end_thread(struct linen_control *control, int signal, siginfo_t *info, void *context)
{
    if (control->fault.signal == 0) { /* otherwise this is a second fault, in linen's own code: just exit */
        control->fault.signal = signal;
        control->fault.code = info->si_code;
        control->fault.address = (uint64_t)info->si_addr;
        cpu_record(control->fault.registers, context);
        announce_end(control);
    }
    for (;;)
        cpu_syscall(__NR_exit, 0, 0, 0, 0, 0, 0);
}

/*
 * Handles a signal that was sent to a linen thread, not raised by an instruction. If Java sent it to kill the thread,
 * the thread ends, unless it is ending already. Otherwise the signal was meant for the process, and arrived here only
 * because linen threads don't block these signals: it is sent on to the main thread, which would have received it in a
 * JVM without linen.
 */
static void receive(struct linen_control *control, int signal, siginfo_t *info, void *context)
{
    int ending = control->fault.signal != 0 || control->watch == LINEN_ENDING;
    if (control->kill && !ending)
        end_thread(control, signal, info, context);
    if (info->si_code != LINEN_KILL && !control->kill) {
        info->si_code = SI_QUEUE; /* other codes can't be sent to another thread */
        send(/* the main thread */ process_id(), signal, info);
    }
}

/* Not inlined: it needs many registers saved, for which the handler has no use on other threads. */
static __attribute__((noinline)) void end_or_receive(const struct linen_slab *slab, int signal, siginfo_t *info, void *context)
{
    struct linen_control *control = own_control(slab, context);
    if (info->si_code > 0)
        end_thread(control, signal, info, context);
    receive(control, signal, info, context);
}

EXPORT void linen_handler(int signal, siginfo_t *info, void *context)
{
    const struct linen_slab *slab = cpu_own_slab();
    if (slab != 0)
        return end_or_receive(slab, signal, info, context);
    if (info->si_code == LINEN_KILL)
        return; /* meant for a linen thread that has ended; another thread has its tid now */
    struct linen_before *before = &linen_before[signal];
    if (info->si_errno != SEEN) {
        info->si_errno = before->handler == before->first_handler ? 0 : SEEN;
        pass_on(&before->handler, before->flags, signal, info, context);
    } else {
        info->si_errno = 0;
        pass_on(&before->first_handler, before->first_flags, signal, info, context);
    }
}
