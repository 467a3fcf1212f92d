/**
 * Records of what linen has in this process, for use by other packages: the memory that it keeps mapped, the memory
 * that it unmapped last, the memory that holds machine code, and the file descriptors that it keeps open.
 *
 * <p>Layer -2, not exported. Uses no other package of linen. {@code dev.linen.internal.binding},
 * {@code dev.linen.memory}, {@code dev.linen.function} and {@code dev.linen.internal.stack} write the records; {@code
 * dev.linen.internal.fault} and {@code dev.linen.junit} read them.
 */
@NullMarked
package dev.linen.internal.registry;

import org.jspecify.annotations.NullMarked;
