/*
 * raw.h: system calls by the instruction itself, as linen makes them, and the clock.
 */
#ifndef RAW_H
#define RAW_H

#include <asm/unistd.h>
#include <linux/futex.h>
#include <stdint.h>

#ifdef __x86_64__
static inline __attribute__((always_inline)) long raw_call(long number, long a, long b, long c)
{
    long result;
    register long r10 __asm__("r10") = 0; /* unused arguments are 0: no stale timeout for futex */
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

/* The child only calls exit; then the kernel clears *tid. */
static inline __attribute__((always_inline)) long raw_clone_and_exit(unsigned long flags, uint64_t stack, uint32_t *tid)
{
    long result;
    register uint32_t *r10 __asm__("r10") = tid;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[exit], %%eax\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result)
                     : "a"(__NR_clone), "D"(flags), "S"(stack), "r"(r10), [exit] "i"(__NR_exit)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline __attribute__((always_inline)) long raw_call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = 0; /* unused arguments are 0: no stale timeout for futex */
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

/* The child only calls exit; then the kernel clears *tid. */
static inline __attribute__((always_inline)) long raw_clone_and_exit(unsigned long flags, uint64_t stack, uint32_t *tid)
{
    register long x8 __asm__("x8") = __NR_clone;
    register long x0 __asm__("x0") = flags;
    register uint64_t x1 __asm__("x1") = stack;
    register uint32_t *x4 __asm__("x4") = tid;
    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x8, %[exit]\n\t"
                     "svc #0\n"
                     "1:"
                     : "+r"(x0), "+r"(x8)
                     : "r"(x1), "r"(x4), [exit] "i"(__NR_exit)
                     : "memory");
    return x0;
}
#else
#error "no baseline for this CPU yet"
#endif

/* Increments the next word, then sleeps until the word is no longer 0. */
static inline void park(volatile uint32_t *word)
{
    __atomic_fetch_add(word + 1, 1, __ATOMIC_RELAXED);
    while (*word == 0)
        raw_call(__NR_futex, (long)word, FUTEX_WAIT, 0);
}

#endif
