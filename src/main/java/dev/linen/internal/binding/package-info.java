/**
 * The native part as Java sees it: where {@code liblinen.so} comes from and how its functions are called.
 *
 * <p>Floor -1 of the house. Used by {@code dev.linen.syscall} (the system call stubs), {@code dev.linen.thread}
 * (the clone stub, and loading what was compiled) and the command line only; not exported.
 */
@NullMarked
package dev.linen.internal.binding;

import org.jspecify.annotations.NullMarked;
