/*
 * cpu.h, AArch64: what can't be written in portable C: to make a system call, to make one that returns twice, to read
 * the thread pointer, and to be called as a signal handler.
 *
 *                 number  arg 1  arg 2  arg 3  arg 4  arg 5  arg 6   result   destroyed by the kernel
 *   system call   x8      x0     x1     x2     x3     x4     x5      x0       SVE: all but 128 bits of z0 to z31
 *   C function            x0     x1     x2     x3     x4     x5      x0       (see the AAPCS64)
 *
 *   x29  frame pointer: the address of a pair, the caller's x29 and the return address
 *   x30  link register: `bl` leaves the return address here, `ret` jumps there
 *   sp   must be a multiple of 16 whenever it is the base of an access
 */
#ifndef LINEN_CPU_H
#define LINEN_CPU_H

#include "../linen.h"
#include "tls.h"
#include <stddef.h> /* first: asm/signal.h needs it before Linux 5.18 */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>

static inline __attribute__((always_inline)) long
cpu_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number; /* no register has a constraint letter of its own: */
    register long x0 __asm__("x0") = a;      /* register variables put them in place            */
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" /* enter the kernel; its number, 0, is ignored */
                     : "+r"(x0) /* out: the result, or -errno */
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory"); /* the kernel reads and writes what the arguments point to */
    return x0;
}

/*
 * clone(flags, stack, parent_tid, tls, child_tid): returns the child's tid or -errno to the parent. The last two
 * arguments are the other way round on x86-64. The child starts with the parent's registers, except x0 = 0 and
 * sp = stack. Its stack holds nothing of the parent's frame, so it must not execute any of this function's C code: it
 * jumps to linen_child(control).
 */
static inline __attribute__((always_inline)) long
cpu_clone(unsigned long flags, uint64_t stack, uint64_t tid, uint64_t tls, struct linen_control *control)
{
    register long x8 __asm__("x8") = __NR_clone;
    register long x0 __asm__("x0") = flags;
    register uint64_t x1 __asm__("x1") = stack;
    register uint64_t x2 __asm__("x2") = tid;
    register uint64_t x3 __asm__("x3") = tls; /* the child's TPIDR_EL0 */
    register uint64_t x4 __asm__("x4") = tid; /* child_tid: cleared when it ends */
    register struct linen_control *x9 __asm__("x9") = control; /* kept by the kernel: the child reads it */
    __asm__ volatile("svc #0\n\t"           /* clone */
                     "cbnz x0, 1f\n\t"      /* 0 in the child only; parent: done */
                     "mov x29, xzr\n\t"     /* outermost frame: the chain of frame pointers ends here */
                     "mov x30, xzr\n\t"     /* return address 0: unwinders end here */
                     "mov x0, x9\n\t"       /* first argument */
                     "b linen_child\n"      /* sp is a multiple of 16, as after a call */
                     "1:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9)
                     : "memory");
    return x0;
}

/* The thread pointer. */
static inline __attribute__((always_inline)) uint64_t cpu_thread_pointer(void)
{
    uint64_t pointer;
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(pointer)); /* a system register that every program may read */
    return pointer;
}

/* 64 bits at an offset from the thread pointer. */
static inline __attribute__((always_inline)) long cpu_thread_word(long offset)
{
    return *(volatile long *)(cpu_thread_pointer() + offset);
}

/* What the calling thread has in place of linen's magic. The ABI reserves this word on the threads of every libc. */
static inline __attribute__((always_inline)) uint64_t cpu_magic(void)
{
    return ((volatile const struct linen_tls *)cpu_thread_pointer())->magic;
}

/*
 * The slab of the calling thread, if it is a linen thread; otherwise 0. The word is 0 on the threads of glibc and musl,
 * so the load is safe there and never gives the magic.
 */
static inline __attribute__((always_inline)) const struct linen_slab *cpu_own_slab(void)
{
    if (cpu_magic() != LINEN_TLS_MAGIC)
        return 0;
    return (const struct linen_slab *)cpu_thread_pointer() - 1; /* right below the thread-local block: see tls.h */
}

/*
 * Whether the calling thread is one of a linen of any version: the magic of another one differs in its last byte only.
 */
static inline __attribute__((always_inline)) int cpu_is_linens(void)
{
    return cpu_magic() << 8 == LINEN_TLS_MAGIC << 8;
}

/* In a function that nothing has called: tells debuggers and profilers that there is no caller, instead of one at 0. */
#define CPU_OUTERMOST_FRAME __asm__ volatile(".cfi_undefined x30")

/*
 * Copies the registers that the kernel has saved on the signal stack: from fault_address over x0 to x30, sp and pc to
 * pstate, the first 35 words. The 36th word is ESR_EL1, the exception syndrome register, which says what the
 * instruction did: 0 if the kernel didn't save it. It is in one of the records that follow, each with its size; a record
 * of size 0 is the last. After a breakpoint or a signal that was sent, it and fault_address are those of an earlier
 * fault.
 */
static inline __attribute__((always_inline)) void cpu_record(uint64_t *registers, const void *context)
{
    const struct sigcontext *machine = &((const struct ucontext *)context)->uc_mcontext;
    const uint64_t *from = (const uint64_t *)machine;
    const uint64_t *end = (const uint64_t *)(&machine->pstate + 1);
    while (from < end)
        *registers++ = *from++;
    *registers = 0;
    for (uint32_t at = 0; at + sizeof(struct esr_context) <= sizeof machine->__reserved;) {
        const struct _aarch64_ctx *head = (const struct _aarch64_ctx *)&machine->__reserved[at];
        if (head->magic == ESR_MAGIC)
            *registers = ((const struct esr_context *)head)->esr;
        if (head->size == 0 || head->size > sizeof machine->__reserved)
            return;
        at += head->size;
    }
}

/*
 * A signal handler returns to code of the kernel's, in the vDSO, which debuggers recognize. Therefore linen has no such
 * code, and no symbol for it.
 */
#define CPU_RESTORER(name)

#define CPU_TEXT(number) CPU_TEXT_OF(number)
#define CPU_TEXT_OF(number) #number

/*
 * A signal handler that is recognized by the struct linen_mark before it. It jumps to a function. The kernel enters it
 * as a call by register does; with branch target identification, that must arrive at a landing pad.
 */
#define CPU_HANDLER(name, function)                      \
    __asm__(".pushsection .text\n\t"                     \
            ".balign 16\n\t"                             \
            ".quad " CPU_TEXT(LINEN_HANDLER_MAGIC) "\n\t" \
            ".quad " CPU_TEXT(LINEN_ABI) "\n"             \
            ".globl " #name "\n"                         \
            ".type " #name ", %function\n"               \
            #name ":\n\t"                                \
            "hint #34\n\t" /* bti c, which older assemblers don't know; older CPUs do nothing */ \
            "b " #function "\n"                          \
            ".size " #name ", . - " #name "\n"           \
            ".popsection");                              \
    EXPORT void name(int, siginfo_t *, void *);

#endif
