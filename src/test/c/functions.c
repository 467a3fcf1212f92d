/*
 * functions.c: the functions that the tests run on native threads. Freestanding: a linen thread has no libc.
 */
#include "asm.h" /* of the CPU that it is compiled for */
#include <stddef.h> /* first: asm/signal.h needs it before Linux 5.18 */
#include <asm/signal.h>
#include <linux/futex.h>
#include <linux/time_types.h>

void *identity(void *argument)
{
    return argument;
}

/* Counts from 0 to its argument, which takes some time, and returns it. */
void *count(void *argument)
{
    volatile uint64_t n = 0;
    while (n < (uint64_t)argument)
        n++;
    return (void *)n;
}

/* Sleeps until the dword at its argument is no longer 0, and returns it. */
void *wait_for_word(void *argument)
{
    volatile uint32_t *word = argument;
    while (*word == 0)
        cpu_syscall(__NR_futex, (long)word, FUTEX_WAIT, 0, 0, 0, 0);
    return (void *)(uint64_t)*word;
}

/* Sleeps that many milliseconds. */
void *sleep_millis(void *millis)
{
    uint64_t all = (uint64_t)millis;
    struct __kernel_timespec time = {.tv_sec = all / 1000, .tv_nsec = all % 1000 * 1000000};
    cpu_syscall(__NR_nanosleep, (long)&time, 0, 0, 0, 0, 0);
    return millis;
}

/* Ends the thread by the system call exit: the function never returns. */
void *exit_by_itself(void *argument)
{
    cpu_syscall(__NR_exit, 0, 0, 0, 0, 0, 0);
    return argument;
}

/* Waits for the end of the thread whose handle is its argument, as a C program would. */
void *wait_for_end(void *handle)
{
    volatile uint32_t *word = handle;
    for (uint32_t tid = *word; tid != 0; tid = *word)
        cpu_syscall(__NR_futex, (long)word, FUTEX_WAIT, tid, 0, 0, 0);
    return 0;
}

/*
 * Called by Java. Sets its first argument's dword to 1, and runs until that has another value. The second argument is
 * only lent for the call, and unused.
 */
uint64_t spin_with(volatile uint32_t *word, void *lent)
{
    *word = 1;
    while (*word == 1)
        ;
    return *word;
}

/* Runs until the dword at its argument is no longer 0, counting in the next qword. */
void *spin_until_word(void *argument)
{
    volatile uint32_t *word = argument;
    volatile uint64_t *counter = (uint64_t *)argument + 1;
    while (*word == 0)
        ++*counter;
    return (void *)*counter;
}

/* Makes the system call { number, a, b, c, d, e, f } at its argument. */
void *system_call(void *argument)
{
    const long *call = argument;
    return (void *)cpu_syscall(call[0], call[1], call[2], call[3], call[4], call[5], call[6]);
}

DEFINE_STACK_POINTER_AT_CALL
DEFINE_FRAME_POINTER
DEFINE_ALIGNED_STORE

/* The qword at an offset from the thread pointer. */
void *thread_local_qword(void *offset)
{
    return (void *)cpu_thread_word((long)offset);
}

void *thread_pointer(void *argument)
{
    return (void *)thread_pointer_value();
}

/* Uses that much stack, page by page, and returns. */
void *use_stack(void *bytes)
{
    volatile char *top = __builtin_frame_address(0);
    for (uint64_t used = 0; used < (uint64_t)bytes; used += 4096)
        top[-(long)used] = 1;
    return bytes;
}

/* Writes a byte to the address that is its argument. */
void *write_to(void *address)
{
    *(volatile char *)address = 1;
    return address;
}

/* How often the handler below has run. */
volatile uint64_t signals_handled;

static void handle(int signal)
{
    signals_handled++;
}

/*
 * From now on, counts the deliveries of this signal on any thread of the process. Without SA_RESTART: it interrupts
 * waits.
 */
void *count_signal(void *signal)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = RETURNING_FLAGS, RETURNING};
    return (void *)cpu_syscall(__NR_rt_sigaction, (long)signal, (long)&action, 0, sizeof action.sa_mask, 0, 0);
}
