package dev.linen.thread;

/**
 * Thrown when {@link NativeThread#kill()} has ended a native thread, so that its function will never return. The fault
 * says where the thread was.
 */
public final class NativeThreadKilledException extends NativeFaultException {

    private static final long serialVersionUID = 1;

    NativeThreadKilledException(ThreadFault fault) {
        super(fault);
    }
}
