package dev.linen.thread;

/**
 * A native thread ended by a fault: its function will never return. The process is as the thread left it: what it wrote is written,
 * and what it locked stays locked.
 */
public class NativeFaultException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** What happened; not sent along with a serialized exception. */
    private final transient ThreadFault fault;

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
