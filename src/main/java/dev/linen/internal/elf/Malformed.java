package dev.linen.internal.elf;

import java.io.Serial;

/**
 * What was read can't be so, or can't be read.
 *
 * <p>Checked, so that each public method has to catch it. Without a stack trace: nobody will see it.
 */
final class Malformed extends Exception {

    @Serial
    private static final long serialVersionUID = 1;

    Malformed(String message) {
        super(message, null, /* enableSuppression */ false, /* writableStackTrace */ false);
    }
}
