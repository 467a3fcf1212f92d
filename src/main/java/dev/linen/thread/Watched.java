package dev.linen.thread;

/** A native thread whose end {@link ExitWatcher} reports. The thread's memory stays mapped until then. */
interface Watched {

    ControlBlock block();

    /** Waits up to the given time, and returns whether the thread has ended. */
    boolean endsWithin(long nanos);

    /**
     * Called on the caller's thread: with true before the watcher may know the thread, with false if it couldn't be
     * registered. If registering it failed without these calls, the watcher doesn't know it. Only assigns.
     */
    void mayBeWatched(boolean may);

    /** Called by the watcher, once, when the thread has ended. Must not run user code. */
    void ended();
}
