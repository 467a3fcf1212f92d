/*
 * fault.c: a fault on a linen thread ends that thread, and no other one's business changes.
 *
 * Java installs linen_handler for the signals that an instruction can raise, in front of the JVM's handlers. It runs on whichever
 * thread has the fault: on most of them it must do nothing but one load and one jump. It uses no thread-local storage but the
 * thread's own block, no libc, and no stack protector, because it can't know whose thread it is on.
 */
#include "thread.h"
#include <asm/siginfo.h>
#include <asm/signal.h>

typedef void handler(int, siginfo_t *, void *);

/*
 * In si_errno, which the kernel leaves 0: we have passed this signal on to a handler that came after us, and that we have put
 * ourselves in front of again. If it calls the one before it, that is us: once more, and it would be so for ever. Nothing else
 * tells: such calls are jumps, so the stack is the same.
 */
#define SEEN 0x6c696e

/* By the signal's number. Filled in by Java, before the handler is installed. Protected: exported, but nobody else's here. */
__attribute__((visibility("protected"))) struct linen_before linen_before[LINEN_SIGNALS];

CPU_RESTORER(linen_restorer)

/* The main thread's tid, too. */
static long process_id(void)
{
    return cpu_syscall(__NR_getpid, 0, 0, 0, 0, 0, 0);
}

static void send(long thread, int signal, siginfo_t *info)
{
    cpu_syscall(__NR_rt_tgsigqueueinfo, process_id(), thread, signal, (long)info, 0, 0);
}

/* What the kernel would have done, with the same siginfo: the process ends when the handler has returned. */
static void take_default_action(int signal, siginfo_t *info)
{
    const struct sigaction defaults = {.sa_handler = SIG_DFL};
    cpu_syscall(__NR_rt_sigaction, signal, (long)&defaults, 0, sizeof defaults.sa_mask, 0, 0);
    send(cpu_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0), signal, info);
}

/* Not ours: the same three arguments for who was there before. The last call is a jump, so the stack is as it would be without us. */
static void pass_on(uint64_t *before, uint64_t flags, int signal, siginfo_t *info, void *context)
{
    uint64_t address = *before;
    if (flags & SA_RESETHAND)
        *before = (uint64_t)SIG_DFL; /* he wanted to be called once */
    if (address == (uint64_t)SIG_IGN && info->si_code <= 0)
        return;
    if (address == (uint64_t)SIG_DFL || address == (uint64_t)SIG_IGN)
        return take_default_action(signal, info); /* an instruction's signal can't be ignored: it would raise it again */
    ((handler *)address)(signal, info, context);
}

/*
 * Whose thread it is: the kernel tells which signal stack it has, and no stray write of its function's reaches that. It has none
 * before its first system call, and another one if its function wanted so: then its tid tells, which Java wrote down, or will as
 * soon as clone has returned; the kernel has written it into the futex dword before.
 */
static struct linen_control *own_control(const struct linen_slab *slab, const struct ucontext *context)
{
    static struct linen_control nobody; /* whoever came by our thread-local block: a child that a function cloned by itself */
    struct linen_control *controls = (struct linen_control *)slab->controls;
    uint64_t distance = (uint64_t)context->uc_stack.ss_sp - slab->signal_stack;
    if (distance % slab->buffer_bytes == 0 && distance / slab->buffer_bytes < slab->buffers)
        return &controls[distance / slab->buffer_bytes];
    uint32_t tid = cpu_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
    for (uint64_t i = 0; i < slab->buffers; i++) {
        uint32_t noted = controls[i].tid; /* 0 until then; it stays when the thread has ended */
        if (controls[i].thread_pointer == 0 || (noted != 0 && noted != tid))
            continue; /* the stack of somebody else: who knows what he has made of it */
        uint32_t futex = ((const struct linen_exit *)controls[i].exit)->handle.futex;
        if (futex == tid || (noted == tid && futex != 0))
            return &controls[i];
    }
    return &nobody;
}

/* Ours: written down, announced, and over. The dword in the handle is cleared by the kernel, as at every end. */
static void end_thread(struct linen_control *control, int signal, siginfo_t *info, void *context)
{
    if (control->fault.signal == 0) { /* or it is a second one, of ours: nothing but to go */
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
 * A signal on a linen thread that somebody sent. If it was Java, to kill the thread, then so be it, unless the end has come
 * already. Otherwise it was meant for the process, and only came here because these signals are open here: the main thread, whom
 * it would have found in a JVM without linen, gets it.
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

/* Not inlined: on other threads, the handler has no use for all the registers that this wants saved. */
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
        return; /* for a linen thread that was gone when it came, and somebody else has its tid */
    struct linen_before *before = &linen_before[signal];
    if (info->si_errno != SEEN) {
        info->si_errno = before->handler == before->first_handler ? 0 : SEEN;
        pass_on(&before->handler, before->flags, signal, info, context);
    } else {
        info->si_errno = 0;
        pass_on(&before->first_handler, before->first_flags, signal, info, context);
    }
}
