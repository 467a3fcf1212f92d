/** Litmus tests of what the supervisor of system calls shares with Java: see docs/memory-order.md. */
@NullMarked
package dev.linen.inject;

import org.jspecify.annotations.NullMarked;
