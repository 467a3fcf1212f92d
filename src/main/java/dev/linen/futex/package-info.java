/**
 * Waiting in the kernel for a word of memory to change.
 *
 * <p>Floor 1 of the house: uses {@code dev.linen.syscall}; {@code dev.linen.thread} joins with it.
 */
@NullMarked
package dev.linen.futex;

import org.jspecify.annotations.NullMarked;
