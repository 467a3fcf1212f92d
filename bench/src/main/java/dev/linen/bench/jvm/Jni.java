package dev.linen.bench.jvm;

/** The calls by JNI, of {@code peers.c}. */
final class Jni {

    static {
        System.load(Functions.library("peers.so").toString());
    }

    private Jni() {}

    static native long noop(long argument);

    static native long getppid();
}
