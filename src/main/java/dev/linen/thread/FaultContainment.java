package dev.linen.thread;

import dev.linen.internal.fault.FaultHandler;

/** Whether a fault on a native thread ends only that thread, and not the process. */
public enum FaultContainment {

    /** Faults will be contained: the first native thread installs linen's signal handler. */
    READY,

    /** Faults are contained. */
    ON,

    /** Another signal handler was installed after linen's. Faults are contained as long as it calls linen's. */
    REPLACED,

    /** Faults aren't contained: the property {@code dev.linen.faults} is "off". */
    OFF;

    /**
     * Returns the current state. Makes five system calls.
     *
     * @return the state
     */
    public static FaultContainment now() {
        if (FaultHandler.isOff()) {
            return OFF;
        }
        if (!FaultHandler.isInstalled()) {
            return READY;
        }
        return FaultHandler.isInFront() ? ON : REPLACED;
    }
}
