/**
 * Litmus tests of what threads share: see docs/memory-order.md. Each nested class is one; its name says what is tried,
 * and the outcomes that are expected or forbidden follow.
 */
@NullMarked
package dev.linen.thread;

import org.jspecify.annotations.NullMarked;
