/**
 * Futexes: blocking a thread in the kernel until a word of memory changes.
 *
 * <p>Layer 1. Uses {@code dev.linen.syscall}; {@code dev.linen.thread} uses it to join threads.
 */
@NullMarked
package dev.linen.futex;

import org.jspecify.annotations.NullMarked;
