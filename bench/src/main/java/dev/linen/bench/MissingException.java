package dev.linen.bench;

/** Something to measure isn't there, or doesn't run here; the message says why, in one line. */
final class MissingException extends Exception {

    private static final long serialVersionUID = 1;

    MissingException(String reason) {
        super(reason);
    }
}
