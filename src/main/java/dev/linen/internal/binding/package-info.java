/**
 * The binding to native code: loads {@code liblinen.so} and calls its functions.
 *
 * <p>Layer -1, not exported. The layers above use it to make system calls, to start threads, to handle faults and to
 * load compiled libraries.
 */
@NullMarked
package dev.linen.internal.binding;

import org.jspecify.annotations.NullMarked;
