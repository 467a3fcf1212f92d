package dev.linen.thread;

/** A native thread was ended by {@link NativeThread#kill()}: its function will never return. The fault tells where it was. */
@SuppressWarnings("serial") // as its superclass
public final class NativeThreadKilledException extends NativeFaultException {

    NativeThreadKilledException(ThreadFault fault) {
        super(fault);
    }
}
