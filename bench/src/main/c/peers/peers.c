/*
 * peers.c: functions for the other ways from Java into C: empty ones, plain and for JNI, and getppid by the
 * instruction, for JNI.
 */
#include "../raw.h"

long noop(long argument)
{
    return argument;
}

/* With the signature of linen's calls: six arguments and the number. */
long noopOfSeven(long a, long b, long c, long d, long e, long f, long number)
{
    (void)b, (void)c, (void)d, (void)e, (void)f, (void)number;
    return a;
}

/* static native long noop(long argument) of dev.linen.bench.jvm.Jni */
long Java_dev_linen_bench_jvm_Jni_noop(void *environment, void *class, long argument)
{
    (void)environment;
    (void)class;
    return argument;
}

/* static native long noopOfSeven(...) of dev.linen.bench.jvm.Jni */
long Java_dev_linen_bench_jvm_Jni_noopOfSeven(void *environment, void *class, long a, long b, long c, long d, long e,
    long f, long number)
{
    (void)environment;
    (void)class;
    return noopOfSeven(a, b, c, d, e, f, number);
}

/* static native long getppid() of dev.linen.bench.jvm.Jni */
long Java_dev_linen_bench_jvm_Jni_getppid(void *environment, void *class)
{
    (void)environment;
    (void)class;
    return raw_call(__NR_getppid, 0, 0, 0);
}
