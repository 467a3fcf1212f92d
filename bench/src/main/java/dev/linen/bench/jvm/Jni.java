package dev.linen.bench.jvm;

/** Calls by JNI of functions in {@code peers.c}. */
final class Jni {

    static {
        System.load(Functions.library("peers.so").toString());
    }

    private Jni() {}

    static native long noop(long argument);

    /** With the signature of linen's calls: six arguments and the number. */
    static native long noopOfSeven(long a, long b, long c, long d, long e, long f, long number);

    static native long getppid();
}
