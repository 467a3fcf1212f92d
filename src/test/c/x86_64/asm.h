/*
 * asm.h, x86-64: what the tests' functions can't say in C.
 */
#ifndef TEST_ASM_H
#define TEST_ASM_H

#include "../../../main/c/x86_64/cpu.h"

#define NAKED __attribute__((naked))

/* An instruction that the CPU doesn't have, as compilers put it where code must not be reached. */
#define ILLEGAL __asm__ volatile("ud2")
#define BREAKPOINT __asm__ volatile("int3")
/* Only the kernel may use it. */
#define PRIVILEGED __asm__ volatile("hlt")
/* Stores 16 bytes by movaps, which needs a 16-byte aligned address. */
#define STORE_ALIGNED(address) __asm__ volatile("movaps %%xmm0, (%0)" : : "r"(address) : "memory")

/* Where libc's static thread-local storage would be, that far from the thread pointer: below it. */
static inline uint64_t read_libc_storage(long offset)
{
    return cpu_thread_word(-offset);
}

/* Where libc's record of the thread would be, that far from the thread pointer: above it. */
static inline void write_libc_record(long offset)
{
    __asm__ volatile("movl $1, %%fs:(%0)" : : "r"(offset));
}

/* Follows libc's pointer to its record of the thread, as users of pthread_self() do. */
static inline uint64_t follow_libc_pointer(void)
{
    volatile uint32_t *record = (volatile uint32_t *)cpu_thread_word(16);
    return record[180];
}

static inline uint64_t thread_pointer_value(void)
{
    return cpu_thread_word(0);
}

/* A handler needs code to return to. */
NAKED static void restorer(void)
{
    __asm__("mov %0, %%eax\n\t"
            "syscall"
            :
            : "i"(__NR_rt_sigreturn));
}
#define RETURNING .sa_restorer = restorer
#define RETURNING_FLAGS SA_RESTORER

/* The stack pointer just before the call of this function: the return address is above it. */
#define DEFINE_STACK_POINTER_AT_CALL                             \
    NAKED void *stack_pointer_at_call(void *argument)            \
    {                                                            \
        __asm__("lea 8(%rsp), %rax\n\t"                          \
                "ret");                                          \
    }

#define DEFINE_FRAME_POINTER                                     \
    NAKED void *frame_pointer(void *argument)                    \
    {                                                            \
        __asm__("mov %rbp, %rax\n\t"                             \
                "ret");                                          \
    }

/* Faults if the stack is misaligned, as a compiler's SSE spill would. */
#define DEFINE_ALIGNED_STORE                                     \
    NAKED void *aligned_store(void *argument)                    \
    {                                                            \
        __asm__("movaps %xmm0, -24(%rsp)\n\t" /* rsp is 8 mod 16 here */ \
                "mov $1, %eax\n\t"                               \
                "ret");                                          \
    }

/* Returns to its argument. */
#define DEFINE_RETURN_TO                                         \
    NAKED void *return_to(void *address)                         \
    {                                                            \
        __asm__("mov %rdi, (%rsp)\n\t"                           \
                "ret");                                          \
    }

/* Pushes with its argument as the stack pointer. */
#define DEFINE_PUSH_AT                                           \
    NAKED void *push_at(void *address)                           \
    {                                                            \
        __asm__("mov %rdi, %rsp\n\t"                             \
                "push %rdi\n\t"                                  \
                "ud2");                                          \
    }

#endif
