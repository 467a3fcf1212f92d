package dev.linen.thread;

/** Runs what nobody waits for, and may be a user's code: on a virtual thread, so that it keeps nobody here. */
final class Aside {

    private Aside() {}

    /** Never fails to run it: here, when there is no room for a thread. */
    static void run(Runnable task) {
        try {
            Thread.startVirtualThread(task);
        } catch (OutOfMemoryError full) {
            task.run();
        }
    }
}
