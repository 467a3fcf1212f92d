/*
 * selftest.c: the native part without Java, on the CPU that it is compiled for: system calls, threads, futexes, faults.
 * A program without libc, linked with the native part's own objects, which does what Java does otherwise: it lays out a
 * slab (see linen.h), fills in control blocks, installs the signal handler, and waits for the end of threads. It needs
 * nothing but a kernel or an emulator of one.
 *
 * It prints a line for each check, and exits with 1 if one has failed.
 */
#include "thread.h"
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time_types.h>
#include <stddef.h>

#define FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | \
               CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

enum { AUXV_PAGE_SIZE = 6, THREADS = 32, ADDITIONS = 10000, CYCLES = 300, ANY = -1, STACK_BYTES = 128 << 10 };

/* Of the native part. */
extern uint32_t linen_process;
extern struct linen_before linen_before[LINEN_SIGNALS];
void linen_handler(int, siginfo_t *, void *);
void linen_restorer(void) __attribute__((weak)); /* not on every CPU */
long linen_syscall(long a, long b, long c, long d, long e, long f, long number);
long linen_clone(struct linen_control *control, unsigned long flags);

static uint64_t page;
static int failures;
static int checks;

static long call(long number, long a, long b, long c, long d)
{
    return linen_syscall(a, b, c, d, 0, 0, number);
}

/* Output */

static void print(const char *text)
{
    long length = 0;
    while (text[length] != 0)
        length++;
    call(__NR_write, 1, (long)text, length, 0);
}

static void print_number(long value)
{
    char digits[24];
    int at = sizeof digits;
    unsigned long left = value < 0 ? -(unsigned long)value : (unsigned long)value;
    digits[--at] = 0;
    do
        digits[--at] = '0' + left % 10;
    while ((left /= 10) != 0);
    if (value < 0)
        digits[--at] = '-';
    print(digits + at);
}

static void same(const char *what, long expected, long found)
{
    checks++;
    print(expected == found ? "ok      " : "FAILED  ");
    print(what);
    if (expected != found) {
        failures++;
        print(": expected ");
        print_number(expected);
        print(", found ");
        print_number(found);
    }
    print("\n");
}

/* The slab: a guard, the thread-local block, the control blocks, and a buffer for each thread, all in whole pages. */

static char *slab;
static struct linen_tls *locals;
static struct linen_control *controls;
static uint64_t buffer_bytes;
static struct linen_exit_list exits;

static char *map(uint64_t bytes)
{
    return (char *)linen_syscall(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, __NR_mmap);
}

static void protect(char *begin, uint64_t bytes)
{
    call(__NR_mprotect, (long)begin, bytes, PROT_NONE, 0);
}

static uint64_t pages(uint64_t bytes)
{
    return (bytes + page - 1) / page * page;
}

static char *buffer(int thread)
{
    return (char *)controls + pages(THREADS * sizeof *controls) + thread * buffer_bytes;
}

static struct linen_exit *exit_of(int thread)
{
    return (struct linen_exit *)(buffer(thread) + buffer_bytes) - 1;
}

static char *guard_of(int thread)
{
    return buffer(thread) + buffer_bytes - STACK_BYTES - page;
}

/* Each CPU expects the slab on another side of the thread-local block: it is on both. */
static void lay_out(void)
{
    uint64_t signal_stack_bytes = pages(64 << 10);
    buffer_bytes = page + signal_stack_bytes + page + STACK_BYTES;
    slab = map(3 * page + pages(THREADS * sizeof *controls) + THREADS * buffer_bytes);
    protect(slab, page);
    protect(slab + 2 * page, page);
    locals = (struct linen_tls *)(slab + page + page / 2);
    controls = (struct linen_control *)(slab + 3 * page);
    struct linen_slab *above = (struct linen_slab *)(locals + 1);
    above->controls = (uint64_t)controls;
    above->buffers = THREADS;
    above->signal_stack = (uint64_t)buffer(0) + page;
    above->buffer_bytes = buffer_bytes;
    ((struct linen_slab *)locals)[-1] = *above;
    locals->magic = locals->poison = LINEN_TLS_MAGIC;
#ifdef __x86_64__
    locals->self = (uint64_t)locals;
#endif
    for (int i = 0; i < THREADS; i++) {
        protect(buffer(i), page);
        protect(guard_of(i), page);
    }
}

static struct linen_control *prepare(int thread, long (*function)(long), long argument)
{
    struct linen_control *control = &controls[thread];
    uint64_t *words = (uint64_t *)control;
    for (unsigned i = 0; i < sizeof *control / sizeof *words; i++)
        words[i] = 0;
    struct linen_exit *exit = exit_of(thread);
    exit->result = 0;
    exit->handle.futex = 0;
    exit->handle.canary = LINEN_CANARY;
    control->thread_pointer = (uint64_t)locals;
    control->function = (uint64_t)function;
    control->argument = argument;
    control->exit = (uint64_t)exit;
    control->signal_stack = (uint64_t)buffer(thread) + page;
    control->signal_stack_bytes = pages(64 << 10);
    control->exit_list = (uint64_t)&exits;
    return control;
}

static long wait_for(uint32_t *word, uint32_t value, int operation)
{
    const struct __kernel_timespec most = {.tv_sec = 30};
    return call(__NR_futex, (long)word, operation, value, (long)&most);
}

/* Returns 0, or -ETIMEDOUT if the thread hasn't ended in half a minute. */
static long join(int thread)
{
    uint32_t *futex = &exit_of(thread)->handle.futex;
    uint32_t tid;
    while ((tid = __atomic_load_n(futex, __ATOMIC_ACQUIRE)) != 0)
        if (wait_for(futex, tid, FUTEX_WAIT) == -ETIMEDOUT)
            return -ETIMEDOUT;
    return 0;
}

/* Runs a function on a thread until it ends. Returns 0, or an error. */
static long run(long (*function)(long), long argument)
{
    struct linen_control *control = prepare(0, function, argument);
    control->watch = LINEN_WATCHED;
    long tid = linen_clone(control, FLAGS);
    return tid < 0 ? tid : join(0);
}

/* What the threads run */

static long sum_to(long most)
{
    long sum = 0;
    for (long i = 1; i <= most; i++)
        sum += i;
    return sum;
}

static uint32_t word;

static long wait_for_word(long value)
{
    while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) != (uint32_t)value)
        wait_for(&word, 0, FUTEX_WAIT_PRIVATE);
    return value;
}

static long sleep_for_ever(long unused)
{
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    call(__NR_futex, (long)&word, FUTEX_WAKE_PRIVATE, 1, 0);
    uint32_t never = 0;
    while (__atomic_load_n(&never, __ATOMIC_RELAXED) == 0)
        call(__NR_futex, (long)&never, FUTEX_WAIT_PRIVATE, 0, 0);
    return unused;
}

static long counter;

static long add_often(long times)
{
    for (long i = 0; i < times; i++)
        __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
    return times;
}

static long write_to(long address)
{
    *(volatile char *)address = 1;
    return 1;
}

static __attribute__((noinline)) long overflow(long depth)
{
    volatile char space[512];
    space[0] = depth;
    return depth < 0 ? 0 : overflow(depth + 1) + space[0];
}

static long illegal(long unused)
{
#ifdef __x86_64__
    __asm__ volatile("ud2");
#else
    __asm__ volatile("udf #0");
#endif
    return unused;
}

static long trap(long unused)
{
#ifdef __x86_64__
    __asm__ volatile("int3");
#else
    __asm__ volatile("brk #0");
#endif
    return unused;
}

static long name_length(long unused)
{
    char name[16];
    call(__NR_prctl, PR_GET_NAME, (long)name, 0, 0);
    while (name[unused] != 0)
        unused++;
    return unused;
}

/* The checks */

static void system_calls(void)
{
    same("close(-1)", -EBADF, call(__NR_close, -1, 0, 0, 0));
    same("an unknown number", -ENOSYS, call(5000, 0, 0, 0, 0));
    long file = call(__NR_memfd_create, (long)"selftest", 0, 0, 0);
    call(__NR_ftruncate, file, 2 * page, 0, 0);
    call(__NR_pwrite64, file, (long)"x", 1, page);
    const char *second = (const char *)linen_syscall(0, page, PROT_READ, MAP_PRIVATE, file, page, __NR_mmap);
    same("six arguments: mmap of a file's second page", 'x', second[0]);
    call(__NR_close, file, 0, 0, 0);
}

static void threads(void)
{
    struct linen_control *control = prepare(0, sum_to, 1000);
    long tid = linen_clone(control, FLAGS);
    same("the thread ends", 0, join(0));
    same("its result", 500500, exit_of(0)->result);
    same("its tid in the control block", tid, control->tid);
    same("its canary", LINEN_CANARY, exit_of(0)->handle.canary);
    same("it has announced its end", LINEN_ENDING, control->watch);
    same("not watched, it isn't on the list", 0, exits.first);
    same("no call failed", 0, control->failure);

    same("a watched thread ends", 0, run(sum_to, 10));
    same("it is on the list", (long)control, exits.first);
    exits.first = 0;

    struct linen_call calls[] = {{.number = __NR_prctl, .arguments = {PR_SET_NAME, (long)"selftest"}}};
    control = prepare(0, name_length, 0);
    control->setup = (uint64_t)calls;
    control->setup_calls = 1;
    control->ready = LINEN_AWAITED;
    linen_clone(control, FLAGS);
    while (__atomic_load_n(&control->ready, __ATOMIC_ACQUIRE) == LINEN_AWAITED)
        wait_for(&control->ready, LINEN_AWAITED, FUTEX_WAIT_PRIVATE);
    same("a thread with a set-up call ends", 0, join(0));
    same("the call was made before the function", 8, exit_of(0)->result);

    calls[0].number = 5000;
    control = prepare(0, sum_to, 10);
    control->setup = (uint64_t)calls;
    control->setup_calls = 1;
    linen_clone(control, FLAGS);
    same("a thread whose set-up call fails ends", 0, join(0));
    same("the error", -ENOSYS, control->failure);
    same("the function wasn't called", 0, exit_of(0)->result);
}

static void futexes(void)
{
    prepare(0, wait_for_word, 7);
    linen_clone(&controls[0], FLAGS);
    __atomic_store_n(&word, 7, __ATOMIC_RELEASE);
    call(__NR_futex, (long)&word, FUTEX_WAKE_PRIVATE, 1, 0);
    same("a thread that waits for a word ends", 0, join(0));
    same("its result", 7, exit_of(0)->result);
    same("FUTEX_WAIT for another value", -EAGAIN, wait_for(&word, 8, FUTEX_WAIT_PRIVATE));
}

static void many(void)
{
    int started = 0;
    for (int i = 0; i < THREADS; i++)
        started += linen_clone(prepare(i, add_often, ADDITIONS), FLAGS) > 0;
    same("many threads at the same time", THREADS, started);
    long lost = 0;
    for (int i = 0; i < THREADS; i++)
        lost += join(i) != 0;
    same("none is lost", 0, lost);
    same("they have counted", (long)THREADS * ADDITIONS, counter);
}

static void fault(const char *what, long (*function)(long), long argument, long signal, long code)
{
    same(what, 0, run(function, argument));
    const struct linen_fault *fault = &controls[0].fault;
    same("  its signal", signal, fault->signal);
    if (code != ANY)
        same("  its code", code, fault->code);
    same("  no result", 0, exit_of(0)->result);
    same("  it is on the list", (long)&controls[0], exits.first);
    exits.first = 0;
}

static void install_handler(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    linen_process = call(__NR_getpid, 0, 0, 0, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | (linen_restorer ? SA_RESTORER : 0)};
        action.sa_handler = (void *)linen_handler;
        action.sa_restorer = linen_restorer;
        call(__NR_rt_sigaction, signals[i], (long)&action, 0, sizeof action.sa_mask);
    }
}

static void faults(void)
{
    const struct linen_fault *record = &controls[0].fault;
    install_handler();
    fault("a write to 0", write_to, 0, SIGSEGV, SEGV_MAPERR);
    same("  its address", 0, record->address);
    fault("a write to a guard", write_to, (long)guard_of(0), SIGSEGV, SEGV_ACCERR);
    same("  its address", (long)guard_of(0), record->address);
    fault("a stack overflow", overflow, 0, SIGSEGV, SEGV_ACCERR);
    same("  its address is in the guard", 1, record->address - (uint64_t)guard_of(0) < page);
    fault("an illegal instruction", illegal, 0, SIGILL, ANY);
    same("  its code", 1, record->code == ILL_ILLOPC || record->code == ILL_ILLOPN); /* differs by CPU and emulator */
    int found = 0;
    for (int i = 0; i < LINEN_REGISTERS; i++)
        found |= record->registers[i] - (uint64_t)illegal < 16;
    same("  the registers contain its address", 1, found);
#ifdef __x86_64__
    fault("a trap", trap, 0, SIGTRAP, SI_KERNEL);
#else
    fault("a trap", trap, 0, SIGTRAP, TRAP_BRKPT);
#endif
    long file = call(__NR_memfd_create, (long)"empty", 0, 0, 0);
    long beyond = linen_syscall(0, page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0, __NR_mmap);
    fault("a write beyond the end of a file", write_to, beyond, SIGBUS, BUS_ADRERR);

    long lost = 0;
    for (int i = 0; i < CYCLES; i++)
        lost += run(write_to, 0) != 0 || record->signal != SIGSEGV;
    same("many faults, one after the other", 0, lost);
    same("a thread after them ends", 0, run(sum_to, 4));
    same("its result", 10, exit_of(0)->result);
    exits.first = 0;
}

static void kill(void)
{
    word = 0;
    long tid = linen_clone(prepare(0, sleep_for_ever, 0), FLAGS);
    while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0)
        wait_for(&word, 0, FUTEX_WAIT_PRIVATE);
    __atomic_store_n(&controls[0].kill, 1, __ATOMIC_RELEASE);
    siginfo_t info = {.si_signo = SIGTRAP, .si_code = LINEN_KILL};
    long sent = call(__NR_rt_tgsigqueueinfo, linen_process, tid, SIGTRAP, (long)&info);
    if (sent == -E2BIG) {
        print("skipped: this emulator sends no siginfo with a code of one's own\n");
        return;
    }
    same("the signal that kills", 0, sent);
    same("the killed thread ends", 0, join(0));
    same("  its code", LINEN_KILL, controls[0].fault.code);
}

/* The stack holds the number of arguments, these, a 0, the environment, a 0, and pairs of the auxiliary vector. */
__attribute__((used)) _Noreturn static void begin(const uint64_t *stack)
{
    const uint64_t *auxiliary = stack + 1 + stack[0] + 1;
    while (*auxiliary++ != 0)
        ;
    for (; auxiliary[0] != 0; auxiliary += 2)
        if (auxiliary[0] == AUXV_PAGE_SIZE)
            page = auxiliary[1];
    lay_out();
    system_calls();
    threads();
    futexes();
    many();
    faults();
    kill();
    print_number(checks - failures);
    print(" of ");
    print_number(checks);
    print(" passed, with pages of ");
    print_number(page);
    print(" bytes\n");
    for (;;)
        call(__NR_exit_group, failures != 0, 0, 0, 0);
}

__asm__(".globl _start\n"
        "_start:\n\t"
#ifdef __x86_64__
        "xor %ebp, %ebp\n\t"
        "mov %rsp, %rdi\n\t"
        "and $-16, %rsp\n\t"
        "call begin\n");
#else
        "mov x29, xzr\n\t"
        "mov x0, sp\n\t"
        "bl begin\n");
#endif
