/**
 * What {@code linen powercut} does: starts a program that records itself, and reports what power cuts lose of it.
 *
 * <p>Part of the command line, in the same layer. Not exported.
 */
@NullMarked
package dev.linen.cli.powercut;

import org.jspecify.annotations.NullMarked;
