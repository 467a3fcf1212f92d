/**
 * Functions that a native thread can run: functions of a loaded library, of C that is compiled at run time
 * ({@link dev.linen.function.CSource}), of machine code given as bytes ({@link dev.linen.function.MachineCode}), or in
 * Java.
 *
 * <p>Layer 2. Uses {@code dev.linen.memory} and the layers below it. It doesn't depend on {@code dev.linen.thread}.
 */
@NullMarked
package dev.linen.function;

import org.jspecify.annotations.NullMarked;
