/**
 * Memory mappings: creating them, changing their protection, advising the kernel about them, and listing everything
 * that is mapped.
 *
 * <p>Layer 1. Uses {@code dev.linen.syscall} and the layers below it.
 */
@NullMarked
package dev.linen.memory;

import org.jspecify.annotations.NullMarked;
