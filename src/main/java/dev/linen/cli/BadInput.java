package dev.linen.cli;

import java.io.Serial;

/** Something that the user gave can't be used; its message is the one line that says so. */
final class BadInput extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    BadInput(String message) {
        super(message);
    }
}
