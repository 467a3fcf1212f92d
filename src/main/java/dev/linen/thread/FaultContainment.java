package dev.linen.thread;

import dev.linen.internal.fault.FaultHandler;

/** Whether a fault on a native thread ends that thread only. */
public enum FaultContainment {

    /** It will, from the first native thread on. */
    READY,

    /** It does. */
    ON,

    /** Somebody has put a signal handler of his own in the place of linen's: it does as long as that one calls linen's. */
    REPLACED,

    /** It doesn't: the property {@code dev.linen.faults} is "off". */
    OFF;

    /**
     * What holds now: five questions to the kernel.
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
