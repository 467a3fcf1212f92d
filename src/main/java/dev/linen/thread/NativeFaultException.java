package dev.linen.thread;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serial;

import org.jspecify.annotations.Nullable;

/**
 * A native thread was ended by a fault: its function will never return. The process is as the thread left it: what it wrote is
 * written, and what it locked stays locked.
 */
public class NativeFaultException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    /** What happened. It is not part of the serialized form. */
    private final transient ThreadFault fault;

    /** The message in the serialized form. */
    private @Nullable String message;

    NativeFaultException(ThreadFault fault) {
        this.fault = fault;
    }

    /**
     * What happened.
     *
     * @return the fault, readable also after the thread is closed; null if this exception was deserialized
     */
    public ThreadFault fault() {
        return fault;
    }

    /**
     * The fault in one line. It is worked out when it is first read.
     *
     * @return {@link ThreadFault#toString()}
     */
    @Override
    public String getMessage() {
        return message == null ? fault.toString() : message;
    }

    /**
     * Writes the message with the exception, because the fault isn't written.
     *
     * @param out where to
     * @throws IOException if that fails
     */
    @Serial
    private void writeObject(ObjectOutputStream out) throws IOException {
        message = getMessage();
        out.defaultWriteObject();
    }
}
