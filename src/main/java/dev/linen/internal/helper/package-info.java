/**
 * linen's own Java threads: daemons, which users' code can neither pin nor block.
 *
 * <p>Layer 2: uses {@code dev.linen.process} and what is below it; used by {@code dev.linen.thread}; not exported.
 * {@link dev.linen.internal.helper.Aside} runs users' code, {@link dev.linen.internal.helper.Reclaimer} finds what is no longer
 * reachable.
 */
@NullMarked
package dev.linen.internal.helper;

import org.jspecify.annotations.NullMarked;
