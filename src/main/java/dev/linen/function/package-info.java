/**
 * Functions that a native thread can run: of a library that is loaded, of C that is compiled on the spot
 * ({@link dev.linen.function.CSource}), of instructions given as bytes ({@link dev.linen.function.MachineCode}), or in Java.
 *
 * <p>Floor 2 of the house: uses {@code dev.linen.memory} and what is below it. It knows nothing of threads.
 */
@NullMarked
package dev.linen.function;

import org.jspecify.annotations.NullMarked;
