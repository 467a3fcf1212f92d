package dev.linen.bench;

/** Thrown if something to measure is missing, or can't run here. The message says why, in one line. */
final class MissingException extends Exception {

    private static final long serialVersionUID = 1;

    MissingException(String reason) {
        super(reason);
    }
}
