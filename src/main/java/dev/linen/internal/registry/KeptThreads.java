package dev.linen.internal.registry;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The native threads that linen keeps for the life of the process: those that supervise system calls. */
public final class KeptThreads {

    private static final Set<Integer> TIDS = ConcurrentHashMap.newKeySet();

    private KeptThreads() {}

    /** Adds a thread that stays. */
    public static void add(int tid) {
        TIDS.add(tid);
    }

    /** Removes a thread that has ended. */
    public static void remove(int tid) {
        TIDS.remove(tid);
    }

    /** Returns whether a thread is one of them. */
    public static boolean contains(int tid) {
        return TIDS.contains(tid);
    }
}
