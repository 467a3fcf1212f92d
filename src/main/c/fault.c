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

EXPORT void linen_handler(int signal, siginfo_t *info, void *context)
{
    struct linen_control *control = cpu_own_control();
    if (control != 0) {
        if (info->si_code > 0)
            end_thread(control, signal, info, context);
        return receive(control, signal, info, context);
    }
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
