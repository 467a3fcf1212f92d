package dev.linen.thread;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serial;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a fault has ended a native thread, so that its function will never return. The fault doesn't undo
 * anything: what the thread has written stays written, and what it has locked stays locked.
 */
public class NativeFaultException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    /** Not part of the serialized form. */
    private final transient ThreadFault fault;

    /** Only set in the serialized form. */
    private @Nullable String message;

    NativeFaultException(ThreadFault fault) {
        this.fault = fault;
    }

    /**
     * Returns the fault.
     *
     * @return the fault, which can also be read after the thread is closed; null if this exception was deserialized
     */
    public ThreadFault fault() {
        return fault;
    }

    /**
     * Returns the fault in one line. The text is created when it is first read.
     *
     * @return {@link ThreadFault#toString()}
     */
    @Override
    public String getMessage() {
        return message == null ? fault.toString() : message;
    }

    /**
     * Writes the message in addition to the fields, because the fault isn't written.
     *
     * @param out the stream
     * @throws IOException if writing fails
     */
    @Serial
    private void writeObject(ObjectOutputStream out) throws IOException {
        message = getMessage();
        out.defaultWriteObject();
    }
}
