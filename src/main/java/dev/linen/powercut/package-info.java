/**
 * Power cuts: every state in which a power cut could have left a folder, computed from the recorded calls of a store,
 * and a test of the store's recovery on each. {@link dev.linen.powercut.PowerCut} is where to start.
 * {@link dev.linen.powercut.RecordedProgram} is the record of a whole program, which
 * {@link dev.linen.powercut.RecordingAgent} made.
 *
 * <p>Layer 5, beside the other test support. It needs no JUnit. Uses {@code dev.linen.inject}, which records the calls.
 */
@NullMarked
package dev.linen.powercut;

import org.jspecify.annotations.NullMarked;
