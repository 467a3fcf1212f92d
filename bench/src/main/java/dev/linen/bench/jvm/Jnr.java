package dev.linen.bench.jvm;

import jnr.ffi.LibraryLoader;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/** Calls by jnr-ffi, and by jnr-posix, which is built on it. */
public final class Jnr {

    static final POSIX POSIX = POSIXFactory.getNativePOSIX();

    private Jnr() {}

    /** Public, because jnr-ffi implements it in another class loader. */
    public interface Peers {
        long noop(long argument);

        long noopOfSeven(long a, long b, long c, long d, long e, long f, long number);
    }

    /** A separate class, so that a program that uses only jnr-posix or only the no-op loads only that one. */
    static final class Noop {

        static final Peers PEERS = LibraryLoader.create(Peers.class)
                .load(Functions.library("peers.so").toString());

        private Noop() {}
    }
}
