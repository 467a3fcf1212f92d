/**
 * linen's own Java threads. They are daemons, and user code can neither pin nor block them.
 *
 * <p>Layer 2, not exported. Uses {@code dev.linen.syscall} and the layers below it; {@code dev.linen.thread} uses it.
 *
 * <pre>
 *   HelperThread   creates these threads
 *   Aside          runs user code on threads of its own
 *   Reclaimer      finds objects that are no longer reachable, and tries again what has failed
 * </pre>
 */
@NullMarked
package dev.linen.internal.helper;

import org.jspecify.annotations.NullMarked;
