/**
 * Memory from the kernel: mapping it, protecting it, advising on it, and the list of all that is mapped.
 *
 * <p>Floor 1 of the house: uses {@code dev.linen.syscall}; used by {@code dev.linen.thread}.
 */
@NullMarked
package dev.linen.memory;

import org.jspecify.annotations.NullMarked;
