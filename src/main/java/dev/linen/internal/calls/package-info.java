/**
 * What is known about each system call: its numbers, parameters, and first version, read from {@code calls.txt} beside
 * these classes.
 *
 * <p>Layer -2, not exported. {@code dev.linen.syscall.Linux} is generated from the same file.
 */
@NullMarked
package dev.linen.internal.calls;

import org.jspecify.annotations.NullMarked;
