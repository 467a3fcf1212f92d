package dev.linen.cli;

import java.io.Serial;

/** Thrown if the user's input is invalid. The message is the one line that is printed. */
final class BadInput extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    BadInput(String message) {
        super(message);
    }
}
