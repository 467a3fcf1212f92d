/**
 * What linen has done with memory in this process, written down for other rooms: what it keeps mapped, what it unmapped last, and
 * which of it holds machine code.
 *
 * <p>Floor -1 of the house: uses nothing of linen. {@code dev.linen.memory}, {@code dev.linen.function} and
 * {@code dev.linen.internal.stack} write, {@code dev.linen.internal.fault} and {@code dev.linen.junit} read; not exported.
 */
@NullMarked
package dev.linen.internal.registry;

import org.jspecify.annotations.NullMarked;
