package dev.linen.internal.fault;

/**
 * Why an instruction raised a signal.
 *
 * @param cause in a word
 * @param explanation in a sentence
 */
record Reason(Cause cause, String explanation) {}
