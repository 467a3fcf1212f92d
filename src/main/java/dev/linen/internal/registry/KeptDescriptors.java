package dev.linen.internal.registry;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The file descriptors that linen keeps open for the life of the process: those of libraries in memory. */
public final class KeptDescriptors {

    private static final Set<Integer> NUMBERS = ConcurrentHashMap.newKeySet();

    private KeptDescriptors() {}

    /** Adds a descriptor that stays open. */
    public static void add(int descriptor) {
        NUMBERS.add(descriptor);
    }

    /** Returns whether a descriptor is one of them. */
    public static boolean contains(int descriptor) {
        return NUMBERS.contains(descriptor);
    }
}
