package dev.linen.internal.elf;

import java.io.Serial;

/**
 * Thrown if data is invalid or can't be read.
 *
 * <p>It is a checked exception, so that each public method has to catch it. It has no stack trace, because it is never
 * reported.
 */
final class Malformed extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    Malformed(String message) {
        super(message, null, /* enableSuppression */ false, /* writableStackTrace */ false);
    }
}
