/*
 * cpu.h, x86-64: what can't be written in portable C: to make a system call, to make one that returns twice, to read
 * the thread pointer, and to return from a signal handler. In C, a port to another CPU adds its own cpu.h and tls.h, and
 * nothing else; docs/decisions.md, 30, says what it adds elsewhere.
 *
 *                 number  arg 1  arg 2  arg 3  arg 4  arg 5  arg 6   result   destroyed by the kernel
 *   system call   rax     rdi    rsi    rdx    r10    r8     r9      rax      rcx (rip), r11 (rflags)
 *   C function            rdi    rsi    rdx    rcx    r8     r9      rax      (see the System V ABI)
 *
 * The two differ in one register: `syscall` overwrites rcx with the return address, so the kernel takes its fourth
 * argument in r10.
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
    register long r10 __asm__("r10") = d; /* these three have no constraint letter of their own: */
    register long r8 __asm__("r8") = e;   /* a register variable puts them in place               */
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"                /* rip -> rcx, rflags -> r11, enter the kernel */
                     : "=a"(result)           /* rax out: the result, or -errno */
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory"); /* the kernel reads and writes what the arguments point to */
    return result;
}

/*
 * clone(flags, stack, parent_tid, child_tid, tls): returns the child's tid or -errno to the parent. The child
 * starts with the parent's registers, except rax = 0 and rsp = stack. Its stack holds nothing of the parent's frame,
 * so it must not execute any of this function's C code: it jumps to linen_child(control).
 */
static inline __attribute__((always_inline)) long
cpu_clone(unsigned long flags, uint64_t stack, uint64_t tid, uint64_t tls, struct linen_control *control)
{
    register uint64_t r10 __asm__("r10") = tid;                   /* child_tid: cleared when it ends */
    register uint64_t r8 __asm__("r8") = tls;                     /* the child's %fs */
    register struct linen_control *r12 __asm__("r12") = control;  /* kept by the kernel: the child reads it */
    long result;
    __asm__ volatile("syscall\n\t"            /* clone */
                     "test %%rax, %%rax\n\t"  /* 0 in the child only */
                     "jnz 1f\n\t"             /* parent: done */
                     "xor %%ebp, %%ebp\n\t"   /* outermost frame: the chain of frame pointers ends here */
                     "mov %%r12, %%rdi\n\t"   /* first argument */
                     "push %%rbp\n\t"         /* return address 0: unwinders end here; rsp is now 8 mod 16, */
                     "jmp linen_child\n"      /* as after a call from a 16-byte aligned stack */
                     "1:"
                     : "=a"(result)
                     : "a"(__NR_clone), "D"(flags), "S"(stack), "d"(tid), "r"(r10), "r"(r8), "r"(r12)
                     : "rcx", "r11", "memory");
    return result;
}

/* 64 bits at an offset from the thread pointer. */
static inline __attribute__((always_inline)) long cpu_thread_word(long offset)
{
    long word;
    __asm__ volatile("mov %%fs:(%1), %0" : "=r"(word) : "r"(offset)); /* %fs is the thread pointer */
    return word;
}

/*
 * The slab of the calling thread, if it is a linen thread; otherwise 0. Every libc has a pointer of its own at %fs:8,
 * so the load is safe on its threads and never gives the magic.
 */
static inline __attribute__((always_inline)) const struct linen_slab *cpu_own_slab(void)
{
    uint64_t magic;
    uint64_t self;
    __asm__ volatile("mov %%fs:8, %0" : "=r"(magic));
    if (magic != LINEN_TLS_MAGIC)
        return 0;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(self));
    return (const struct linen_slab *)(self + sizeof(struct linen_tls)); /* see tls.h */
}

/*
 * Whether the calling thread is one of a linen of any version: the magic of another one differs in its last byte only.
 */
static inline __attribute__((always_inline)) int cpu_is_linens(void)
{
    uint64_t magic;
    __asm__ volatile("mov %%fs:8, %0" : "=r"(magic));
    return magic << 8 == LINEN_TLS_MAGIC << 8;
}

/* In a function that nothing has called: tells debuggers and profilers that there is no caller, instead of one at 0. */
#define CPU_OUTERMOST_FRAME __asm__ volatile(".cfi_undefined rip")

/* Copies the registers that the kernel has saved on the signal stack: from r8 to cr2, the first 23 words. */
static inline __attribute__((always_inline)) void cpu_record(uint64_t *registers, const void *context)
{
    const struct sigcontext *machine = &((const struct ucontext *)context)->uc_mcontext;
    const uint64_t *from = (const uint64_t *)machine;
    const uint64_t *end = (const uint64_t *)&machine->fpstate;
    while (from < end)
        *registers++ = *from++;
}

/*
 * What a signal handler returns to: it calls the kernel, which restores the registers of the interrupted code.
 * Debuggers recognize a signal frame by exactly these two instructions.
 */
#define CPU_TEXT(number) CPU_TEXT_OF(number)
#define CPU_TEXT_OF(number) #number
#define CPU_RESTORER(name)                               \
    __asm__(".pushsection .text\n"                       \
            ".globl " #name "\n"                         \
            ".type " #name ", @function\n"               \
            #name ":\n\t"                                \
            "mov $" CPU_TEXT(__NR_rt_sigreturn) ", %rax\n\t" \
            "syscall\n"                                  \
            ".size " #name ", . - " #name "\n"           \
            ".popsection");                              \
    EXPORT void name(void);

/* A signal handler that is recognized by the struct linen_mark before it. It jumps to a function. */
#define CPU_HANDLER(name, function)                      \
    __asm__(".pushsection .text\n\t"                     \
            ".balign 16\n\t"                             \
            ".quad " CPU_TEXT(LINEN_HANDLER_MAGIC) "\n\t" \
            ".quad " CPU_TEXT(LINEN_ABI) "\n"             \
            ".globl " #name "\n"                         \
            ".type " #name ", @function\n"               \
            #name ":\n\t"                                \
            "jmp " #function "\n"                        \
            ".size " #name ", . - " #name "\n"           \
            ".popsection");                              \
    EXPORT void name(int, siginfo_t *, void *);

#endif
