/*
 * syscall.c: from Java into the kernel, one function for each count of arguments.
 *
 * The number comes last: so every argument already lies in the register in which the kernel wants it, but the
 * fourth, which moves from rcx to r10 on x86-64. What is left to do: number to rax, zero to the registers of
 * arguments that aren't there, syscall, ret. Results are the kernel's: -4095 to -1 is -errno.
 */
#include "thread.h"

EXPORT long linen_syscall0(long number)
{
    return cpu_syscall(number, 0, 0, 0, 0, 0, 0);
}

EXPORT long linen_syscall1(long a, long number)
{
    return cpu_syscall(number, a, 0, 0, 0, 0, 0);
}

EXPORT long linen_syscall2(long a, long b, long number)
{
    return cpu_syscall(number, a, b, 0, 0, 0, 0);
}

EXPORT long linen_syscall3(long a, long b, long c, long number)
{
    return cpu_syscall(number, a, b, c, 0, 0, 0);
}

EXPORT long linen_syscall4(long a, long b, long c, long d, long number)
{
    return cpu_syscall(number, a, b, c, d, 0, 0);
}

EXPORT long linen_syscall5(long a, long b, long c, long d, long e, long number)
{
    return cpu_syscall(number, a, b, c, d, e, 0);
}

EXPORT long linen_syscall6(long a, long b, long c, long d, long e, long f, long number)
{
    return cpu_syscall(number, a, b, c, d, e, f);
}
