package dev.linen.thread;

/** A native thread whose end {@link ExitWatcher} reports. The thread's memory stays mapped until that is done. */
interface Watched {

    ControlBlock block();

    /** Whether it ends within a moment. */
    boolean endsWithin(long nanos);

    /** Called on the caller's thread, if the thread isn't watched after all. */
    void refused();

    /** Called by the watcher, once, when the thread has ended. Runs no user's code. */
    void ended();
}
