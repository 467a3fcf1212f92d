package dev.linen.thread;

/**
 * A native thread ended by a fault: its function will never return. The process is as the thread left it: what it wrote is written,
 * and what it locked stays locked.
 */
@SuppressWarnings("serial") // the fault isn't: nobody sends it away
public class NativeFaultException extends RuntimeException {

    private final ThreadFault fault;

    NativeFaultException(ThreadFault fault) {
        super(fault.toString());
        this.fault = fault;
    }

    /**
     * What happened.
     *
     * @return the fault, readable also after the thread is closed
     */
    public ThreadFault fault() {
        return fault;
    }
}
