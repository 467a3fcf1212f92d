/**
 * Power cuts: every state in which a power cut could have left a folder, computed from the recorded calls of a store,
 * and a test of the store's recovery on each. {@link dev.linen.powercut.PowerCut} is where to start.
 *
 * <p>Layer 5, beside the other test support. It needs no JUnit. Uses {@code dev.linen.inject}, which records the calls.
 */
@NullMarked
package dev.linen.powercut;

import org.jspecify.annotations.NullMarked;
