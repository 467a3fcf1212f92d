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
#include <linux/kcmp.h>
#include <linux/time_types.h>
#include <stddef.h>

#define SAME_PLACE(ours, kernels) \
    _Static_assert(offsetof(struct linen_action, ours) == offsetof(struct sigaction, kernels), #kernels)
_Static_assert(sizeof(struct linen_action) == sizeof(struct sigaction), "struct sigaction");
SAME_PLACE(handler, sa_handler);
SAME_PLACE(flags, sa_flags);
SAME_PLACE(restorer, sa_restorer);
SAME_PLACE(mask, sa_mask);

typedef void handler(int, siginfo_t *, void *);

/*
 * A note in si_errno, which the kernel leaves 0, for a signal that is passed on to a handler which was installed after
 * linen's, and which linen's has been put in front of again. If that handler calls its predecessor, it calls linen's
 * again; to pass the signal on to it once more would loop endlessly. The note is the only evidence: such calls are
 * jumps, so the stack is the same. A process may have several copies of linen in one chain of handlers, so the note
 * says whose it is, and no copy changes another one's; it also counts, and when it has counted enough, each copy calls
 * the handler that was there before all others, which ends any chain.
 *
 *     bits 24 to 31: NOTE   20 to 23: how often the signal was passed on   0 to 15: the copy, or 0
 */
#define NOTE 0x6c000000
#define NOTE_KIND 0xff000000
#define NOTE_ONE 0x100000
#define NOTE_COUNT 0xf00000
#define NOTE_MOST (15 * NOTE_ONE)
#define NOTE_COPY 0xffff

/*
 * By signal number. Java fills it in before it installs the handler. Protected: exported, but never preempted by
 * another symbol.
 */
__attribute__((visibility("protected"))) struct linen_before linen_before[LINEN_SIGNALS];

/* The process that installed the handler. Java sets it before. Not that of a child with the same memory. */
__attribute__((visibility("protected"))) uint32_t linen_process;

CPU_RESTORER(linen_restorer)
CPU_HANDLER(linen_handler, handle_signal)

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
 * as without linen. Java may replace the handler meanwhile, after its flags.
 */
static void pass_on(uint64_t *before, const uint64_t *flags, int signal, siginfo_t *info, void *context)
{
    uint64_t address = __atomic_load_n(before, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(flags, __ATOMIC_RELAXED) & SA_RESETHAND) /* the handler is to be called only once */
        address = __atomic_exchange_n(before, (uint64_t)SIG_DFL, __ATOMIC_ACQUIRE);
    if (address == (uint64_t)SIG_IGN && info->si_code <= 0)
        return;
    if (address == (uint64_t)SIG_DFL || address == (uint64_t)SIG_IGN)
        return take_default_action(signal, info); /* ignored, the instruction would raise the signal again and again */
    ((handler *)address)(signal, info, context);
}

/*
 * The tid in a control block. The creator writes it as soon as clone has returned to it, with all signals blocked; so
 * it takes a moment at most. The futex dword has the tid before, but the thread's function can overwrite that. A sleep,
 * because sched_yield would leave this CPU to no thread of a lower priority, which the creator may be.
 */
static uint32_t await_tid(const struct linen_control *control)
{
    const struct __kernel_timespec moment = {.tv_nsec = 50000};
    uint32_t tid;
    while ((tid = __atomic_load_n(&control->tid, __ATOMIC_RELAXED)) == 0)
        cpu_syscall(__NR_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
    return tid;
}

/*
 * The control block of the calling thread, found by its signal stack: the kernel reports that, and no stray write of
 * the thread's function can change it. But a thread has no signal stack before its first system call, and its function
 * may install another one; then all control blocks are searched. In any case the ids decide: a child that a function
 * has made by fork, vfork or clone has the same thread pointer, and may have the same signal stack. For such a child,
 * the result is 0.
 */
static struct linen_control *own_control(const struct linen_slab *slab, const struct ucontext *context)
{
    if (process_id() != linen_process)
        return 0;
    struct linen_control *controls = (struct linen_control *)slab->controls;
    uint64_t distance = (uint64_t)context->uc_stack.ss_sp - slab->signal_stack;
    uint32_t tid = cpu_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
    if (distance % slab->buffer_bytes == 0 && distance / slab->buffer_bytes < slab->buffers) {
        struct linen_control *control = &controls[distance / slab->buffer_bytes];
        return await_tid(control) == tid ? control : 0;
    }
    for (uint64_t i = 0; i < slab->buffers; i++) {
        uint64_t thread_pointer = __atomic_load_n(&controls[i].thread_pointer, __ATOMIC_RELAXED);
        uint32_t its_tid = __atomic_load_n(&controls[i].tid, __ATOMIC_RELAXED);
        uint64_t exit = __atomic_load_n(&controls[i].exit, __ATOMIC_RELAXED);
        if (thread_pointer == 0 || exit == 0 /* Java is just filling it in */ || (its_tid != 0 && its_tid != tid))
            continue; /* another thread's stack, which may hold anything */
        uint32_t futex = __atomic_load_n(&((const struct linen_exit *)exit)->handle.futex, __ATOMIC_RELAXED);
        if (futex == tid || (its_tid == tid && futex != 0)) /* the tid of an ended thread may be a new one's */
            return &controls[i];
    }
    return 0;
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
    int ending = control->fault.signal != 0 || __atomic_load_n(&control->watch, __ATOMIC_RELAXED) == LINEN_ENDING;
    int kill = __atomic_load_n(&control->kill, __ATOMIC_ACQUIRE);
    if (kill && !ending)
        end_thread(control, signal, info, context);
    if (info->si_code != LINEN_KILL && !kill) {
        info->si_code = SI_QUEUE; /* other codes can't be sent to another thread */
        send(/* the main thread */ process_id(), signal, info);
    }
}

/*
 * Handles a signal on a child that a function has made by itself. A process takes the default action, so that its
 * parent learns how it ended; a thread that Java doesn't know ends. Neither writes anything that belongs to its
 * creator, and neither sends the signal on, which might be to itself.
 */
static void end_child(int signal, siginfo_t *info)
{
    long process = process_id();
    if (process == linen_process) {
        if (info->si_code <= 0)
            return;
        for (;;)
            cpu_syscall(__NR_exit, 0, 0, 0, 0, 0, 0);
    }
    if (cpu_syscall(__NR_kcmp, process, linen_process, KCMP_SIGHAND, 0, 0, 0) == 0) /* they share their handlers: */
        cpu_syscall(__NR_kill, process, SIGKILL, 0, 0, 0, 0);                       /* leave them as they are */
    take_default_action(signal, info);
}

/* Not inlined: it needs many registers saved, for which the handler has no use on other threads. */
static __attribute__((noinline)) void end_or_receive(const struct linen_slab *slab, int signal, siginfo_t *info, void *context)
{
    struct linen_control *control = own_control(slab, context);
    if (control == 0)
        end_child(signal, info);
    else if (info->si_code > 0)
        end_thread(control, signal, info, context);
    else
        receive(control, signal, info, context);
}

/* Passes a signal on while linen's handler is in front of one that was installed after it: see NOTE. */
static __attribute__((noinline)) void pass_on_noted(struct linen_before *before, int signal, siginfo_t *info, void *context)
{
    uint32_t own = 0x8000 | ((uint64_t)&linen_before >> 16 & 0x7fff); /* each its own: a library is aligned to its low bits */
    uint32_t note = info->si_errno;
    if ((note & NOTE_KIND) != NOTE)
        note = NOTE;
    int seen = (note & NOTE_COPY) == own;
    if (seen || (note & NOTE_COUNT) >= NOTE_MOST) {
        info->si_errno = seen ? note & ~NOTE_COPY : note;
        return pass_on(&before->first_handler, &before->first_flags, signal, info, context);
    }
    if ((note & NOTE_COPY) == 0)
        note |= own;
    info->si_errno = note + NOTE_ONE;
    pass_on(&before->handler, &before->flags, signal, info, context);
}

/* linen_handler jumps here. */
__attribute__((used)) static void handle_signal(int signal, siginfo_t *info, void *context)
{
    const struct linen_slab *slab = cpu_own_slab();
    if (slab != 0)
        return end_or_receive(slab, signal, info, context);
    if (info->si_code == LINEN_KILL && !cpu_is_linens())
        return; /* meant for a linen thread that has ended; another thread has its tid now */
    struct linen_before *before = &linen_before[signal];
    if (__atomic_load_n(&before->handler, __ATOMIC_RELAXED) != __atomic_load_n(&before->first_handler, __ATOMIC_RELAXED))
        return pass_on_noted(before, signal, info, context);
    pass_on(&before->handler, &before->flags, signal, info, context);
}
