/**
 * The kernel itself: any system call by its number, the numbers and errors by name.
 *
 * <p>Floor 0 of the house: everything above reaches the kernel through {@link dev.linen.syscall.Syscall}.
 */
@NullMarked
package dev.linen.syscall;

import org.jspecify.annotations.NullMarked;
