/**
 * Records of linen's memory in this process, for use by other packages: the memory that linen keeps mapped, the memory
 * that it unmapped last, and the memory that holds machine code.
 *
 * <p>Layer -1, not exported. Uses no other package of linen. {@code dev.linen.memory}, {@code dev.linen.function} and
 * {@code dev.linen.internal.stack} write the records; {@code dev.linen.internal.fault} and {@code dev.linen.junit} read
 * them.
 */
@NullMarked
package dev.linen.internal.registry;

import org.jspecify.annotations.NullMarked;
