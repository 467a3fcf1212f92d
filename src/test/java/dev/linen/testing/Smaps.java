package dev.linen.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's counters for each mapping: {@code /proc/self/smaps}. */
public final class Smaps {

    private static final Path FILE = Path.of("/proc/self/smaps");

    private Smaps() {}

    /** Returns a counter of the mapping at an address, such as "Locked" or "AnonHugePages", in bytes. */
    public static long bytes(long address, String field) {
        boolean inside = false;
        try {
            for (String line : Files.readAllLines(FILE)) {
                String[] words = line.split("[ -]+");
                if (words[0].matches("[0-9a-f]+")) {
                    inside = Long.parseUnsignedLong(words[0], 16) <= address
                            && address < Long.parseUnsignedLong(words[1], 16);
                } else if (inside && words[0].equals(field + ":")) {
                    return Long.parseLong(words[1]) << 10;
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        throw new AssertionError("no " + field + " at " + Long.toHexString(address));
    }
}
