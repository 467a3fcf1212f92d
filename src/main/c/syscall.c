/*
 * syscall.c: from Java into the kernel, whatever the number of arguments: those that a call doesn't have are zeros.
 *
 * The number comes last: so every argument already lies in the register in which the kernel wants it, but the
 * fourth, which moves from rcx to r10 on x86-64. What is left to do: number to rax, syscall, ret. Results are the
 * kernel's: -4095 to -1 is -errno.
 */
#include "thread.h"

EXPORT long linen_syscall(long a, long b, long c, long d, long e, long f, long number)
{
    return cpu_syscall(number, a, b, c, d, e, f);
}
