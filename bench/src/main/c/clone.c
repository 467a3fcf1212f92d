/*
 * clone BATCHES MILLIS: the time that linen's own C code takes without Java: one control block and one stack are filled
 * in, cloned on and waited for, again and again. It is the lower bound for a create and join from Java.
 *
 * clone BATCHES MILLIS bare: the time of a thread that does nothing but exit, created with as few flags and calls as
 * possible. It is the lower bound for any implementation.
 */
#include "../../../../src/main/c/linen.h"
#include "tls.h" /* of the CPU that it is compiled for */
#include "measure.h"
#include "raw.h"
#include <linux/sched.h>
#include <sys/mman.h>

#define BARE_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID)

long linen_clone(struct linen_control *control, unsigned long flags); /* thread.c's */

static struct linen_control *control;
static struct linen_tls tls;
static struct linen_exit *leave;

static uint64_t identity(uint64_t argument)
{
    return argument;
}

/* Like linen's join, but without spinning. */
static void await_end(void)
{
    raw_call(__NR_sched_yield, 0, 0, 0);
    for (uint32_t tid; (tid = __atomic_load_n(&leave->handle.futex, __ATOMIC_ACQUIRE)) != 0;)
        raw_call(__NR_futex, (long)&leave->handle.futex, FUTEX_WAIT, tid);
}

static void turn(void)
{
    leave->handle.futex = 0;
    control->watch = LINEN_UNWATCHED;
    if (linen_clone(control, BARE_FLAGS | CLONE_SETTLS | CLONE_PARENT_SETTID) < 0)
        exit(1);
    await_end();
}

static void bare_turn(void)
{
    leave->handle.futex = 1;
    if (raw_clone_and_exit(BARE_FLAGS, control->exit, &leave->handle.futex) < 0)
        exit(1);
    await_end();
}

int main(int count, char **arguments)
{
    if (count != 3 && count != 4)
        return 2;
    const uint64_t signal_stack_bytes = 12 << 10, bytes = 2 << 20;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    control = (struct linen_control *)memory;
    leave = (struct linen_exit *)(memory + bytes) - 1;
    control->thread_pointer = (uint64_t)&tls;
#ifdef __x86_64__
    tls.self = control->thread_pointer;
#endif
    control->function = (uint64_t)identity;
    control->exit = (uint64_t)leave;
    control->signal_stack = (uint64_t)(control + 1);
    control->signal_stack_bytes = signal_stack_bytes;
    measure("0", atoi(arguments[1]), atof(arguments[2]), 20, count == 3 ? turn : bare_turn);
}
