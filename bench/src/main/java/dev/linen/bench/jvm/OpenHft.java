package dev.linen.bench.jvm;

import net.openhft.posix.PosixAPI;

/** Calls by OpenHFT's posix. */
final class OpenHft {

    private static final PosixAPI POSIX = PosixAPI.posix();

    private OpenHft() {}

    static int getpid() {
        return POSIX.getpid();
    }
}
