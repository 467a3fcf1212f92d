package dev.linen.bench.jvm;

/** The calls by JNI, of {@code peers.c}. */
final class Jni {

    static {
        System.load(Functions.library("peers.so").toString());
    }

    private Jni() {}

    static native long noop(long argument);

    /** In linen's shape: six arguments, and the number. */
    static native long noopOfSeven(long a, long b, long c, long d, long e, long f, long number);

    static native long getppid();
}
