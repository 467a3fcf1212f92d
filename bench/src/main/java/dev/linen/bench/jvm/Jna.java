package dev.linen.bench.jvm;

import com.sun.jna.Library;
import com.sun.jna.Native;

/** Calls by JNA: by direct mapping, which is faster, and by an interface, which is more common. */
final class Jna {

    static {
        Native.register(Functions.library("peers.so").toString());
    }

    private Jna() {}

    interface Peers extends Library {
        long noop(long argument);

        long noopOfSeven(long a, long b, long c, long d, long e, long f, long number);
    }

    static native long noop(long argument);

    static native long noopOfSeven(long a, long b, long c, long d, long e, long f, long number);

    static Peers byInterface() {
        return Native.load(Functions.library("peers.so").toString(), Peers.class);
    }

    /** Functions of libc. */
    static final class Libc {

        static {
            Native.register("c");
        }

        private Libc() {}

        static native int getppid();
    }
}
