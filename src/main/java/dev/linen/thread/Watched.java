package dev.linen.thread;

/** A native thread whose end {@link ExitWatcher} reports. The thread's memory stays mapped until then. */
interface Watched {

    ControlBlock block();

    /** Waits up to the given time, and returns whether the thread has ended. */
    boolean endsWithin(long nanos);

    /** Called on the caller's thread if the thread couldn't be registered. */
    void refused();

    /** Called by the watcher, once, when the thread has ended. Must not run user code. */
    void ended();
}
