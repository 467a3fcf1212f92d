package dev.linen.thread;

/** A native thread was ended by {@link NativeThread#kill()}: its function will never return. The fault tells where it was. */
public final class NativeThreadKilledException extends NativeFaultException {

    private static final long serialVersionUID = 1;

    NativeThreadKilledException(ThreadFault fault) {
        super(fault);
    }
}
