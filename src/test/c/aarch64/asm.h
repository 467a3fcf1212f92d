/*
 * asm.h, AArch64: what the tests' functions can't say in C. gcc has no naked functions for this CPU.
 */
#ifndef TEST_ASM_H
#define TEST_ASM_H

#include "../../../main/c/aarch64/cpu.h"

#define FUNCTION(name, text)              \
    __asm__(".pushsection .text\n"        \
            ".globl " #name "\n"          \
            ".type " #name ", %function\n" \
            #name ":\n"                   \
            ".cfi_startproc\n\t" text "\n" \
            ".cfi_endproc\n"              \
            ".size " #name ", . - " #name "\n" \
            ".popsection")

/* An instruction that the CPU doesn't have, and never will. */
#define ILLEGAL __asm__ volatile("udf #0")
#define BREAKPOINT __asm__ volatile("brk #0")
/* Only the kernel may use it. */
#define PRIVILEGED __asm__ volatile("msr daifset, #2")
/* Loads 16 bytes exclusively, which needs a 16-byte aligned address. */
#define STORE_ALIGNED(address) __asm__ volatile("ldxp x8, x9, [%0]" : : "r"(address) : "x8", "x9", "memory")

/* Where libc's static thread-local storage would be, that far from the thread pointer's 16 bytes: above it. */
static inline uint64_t read_libc_storage(long offset)
{
    return cpu_thread_word(sizeof(struct linen_tls) - 8 + offset);
}

/* Where libc's record of the thread would be, that far from the thread pointer: below it. */
static inline void write_libc_record(long offset)
{
    *(volatile uint32_t *)(cpu_thread_pointer() - offset) = 1;
}

/* Follows libc's pointer to the thread-local storage of libraries that were loaded later. */
static inline uint64_t follow_libc_pointer(void)
{
    volatile uint32_t *vector = (volatile uint32_t *)cpu_thread_word(0);
    return vector[180];
}

static inline uint64_t thread_pointer_value(void)
{
    return cpu_thread_pointer();
}

/* A handler returns to the kernel's code. */
#define RETURNING .sa_restorer = 0
#define RETURNING_FLAGS 0

/* The stack pointer just before the call of this function. */
#define DEFINE_STACK_POINTER_AT_CALL \
    FUNCTION(stack_pointer_at_call, "mov x0, sp\n\tret"); \
    void *stack_pointer_at_call(void *argument);

#define DEFINE_FRAME_POINTER \
    FUNCTION(frame_pointer, "mov x0, x29\n\tret"); \
    void *frame_pointer(void *argument);

/* Faults if the stack is misaligned: the CPU checks the stack pointer at each access. */
#define DEFINE_ALIGNED_STORE \
    FUNCTION(aligned_store, "str q0, [sp, #-16]!\n\tadd sp, sp, #16\n\tmov x0, #1\n\tret"); \
    void *aligned_store(void *argument);

/* Returns to its argument. */
#define DEFINE_RETURN_TO \
    FUNCTION(return_to, "mov x30, x0\n\tret"); \
    void *return_to(void *address);

/* Pushes with its argument as the stack pointer. */
#define DEFINE_PUSH_AT \
    FUNCTION(push_at, "mov sp, x0\n\tstr x0, [sp, #-16]!\n\tudf #0"); \
    void *push_at(void *address);

#endif
