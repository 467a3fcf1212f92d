/**
 * Raw Linux system calls: any call by its number, and the kernel's call numbers and errors by name.
 *
 * <p>Layer 0. All higher layers reach the kernel through {@link dev.linen.syscall.Syscall}.
 */
@NullMarked
package dev.linen.syscall;

import org.jspecify.annotations.NullMarked;
