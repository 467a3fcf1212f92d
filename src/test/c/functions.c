/*
 * functions.c: what the tests run on native threads. Freestanding: a linen thread has no libc.
 */
#include "../../main/c/x86_64/cpu.h"
#include <asm/signal.h>
#include <linux/futex.h>

void *identity(void *argument)
{
    return argument;
}

/* Counts down from its argument. */
void *count(void *argument)
{
    for (volatile uint64_t n = (uint64_t)argument; n > 0; n--)
        ;
    return 0;
}

/* Sleeps until the dword at its argument isn't 0 any more, and returns it. */
void *wait_for_word(void *argument)
{
    volatile uint32_t *word = argument;
    while (*word == 0)
        cpu_syscall(__NR_futex, (long)word, FUTEX_WAIT, 0, 0, 0, 0);
    return (void *)(uint64_t)*word;
}

/* Runs until the dword at its argument isn't 0 any more, counting in the qword behind it. */
void *spin_until_word(void *argument)
{
    volatile uint32_t *word = argument;
    volatile uint64_t *counter = (uint64_t *)argument + 1;
    while (*word == 0)
        ++*counter;
    return (void *)*counter;
}

void *tid(void *argument)
{
    (void)argument;
    return (void *)cpu_syscall(__NR_gettid, 0, 0, 0, 0, 0, 0);
}

/* The signals that are blocked on this thread, a bit each. */
void *signal_mask(void *argument)
{
    (void)argument;
    unsigned long mask = 0;
    cpu_syscall(__NR_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, sizeof mask, 0, 0);
    return (void *)mask;
}

/* Where this thread's signal stack starts; its size goes to the argument. */
void *signal_stack(void *argument)
{
    stack_t stack = {0};
    cpu_syscall(__NR_sigaltstack, 0, (long)&stack, 0, 0, 0, 0);
    *(uint64_t *)argument = stack.ss_size;
    return stack.ss_sp;
}

/* The stack pointer just before the call of this function: the return address is above it. */
__attribute__((naked)) void *stack_pointer_at_call(void *argument)
{
    __asm__("lea 8(%rsp), %rax\n\t"
            "ret");
}

__attribute__((naked)) void *frame_pointer(void *argument)
{
    __asm__("mov %rbp, %rax\n\t"
            "ret");
}

/* Faults when the stack is misaligned, as every SSE spill of a compiler's does. */
__attribute__((naked)) void *aligned_store(void *argument)
{
    __asm__("movaps %xmm0, -24(%rsp)\n\t" /* rsp is 8 mod 16 here */
            "mov $1, %eax\n\t"
            "ret");
}

/* The qword at an offset of the thread pointer. */
void *thread_local_qword(void *offset)
{
    uint64_t value;
    __asm__ volatile("mov %%fs:(%1), %0" : "=r"(value) : "r"(offset));
    return (void *)value;
}

/* Uses that much stack, page by page, and returns. */
void *use_stack(void *bytes)
{
    volatile char *top = __builtin_frame_address(0);
    for (uint64_t used = 0; used < (uint64_t)bytes; used += 4096)
        top[-(long)used] = 1;
    return bytes;
}

/* Writes its argument's bytes to the place below the stack that many bytes down: a guard faults. */
void *touch_below(void *bytes)
{
    volatile char *top = __builtin_frame_address(0);
    top[-(long)bytes] = 1;
    return bytes;
}
