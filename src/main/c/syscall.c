/*
 * syscall.c: from Java into the kernel. There is one function for any number of arguments: those that a call doesn't
 * have are zeros.
 *
 * The call's number is the last argument, so that every other argument is already in the register that the kernel
 * expects, except the fourth on x86-64, which moves from rcx to r10. What remains is: the number to its register (rax,
 * x8), the instruction that enters the kernel (syscall, svc), ret.
 * The result is the kernel's: -4095 to -1 is -errno.
 */
#include "thread.h"

EXPORT long linen_syscall(long a, long b, long c, long d, long e, long f, long number)
{
    return cpu_syscall(number, a, b, c, d, e, f);
}

/* 64 bits of the calling thread's thread-local storage, at an offset from its thread pointer. */
EXPORT long linen_thread_word(long offset)
{
    return cpu_thread_word(offset);
}
