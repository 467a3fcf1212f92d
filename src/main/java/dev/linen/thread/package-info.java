/**
 * Native threads on memory that Java maps: the function, the stack buffer, the thread.
 *
 * <p>Floor 3 of the house: uses memory and futex below it, and the clone stub. Its nouns, one a class:
 * {@link dev.linen.function.NativeFunction} is what runs, {@link dev.linen.thread.StackBuffer} where it runs,
 * {@link dev.linen.thread.NativeThreadBuilder} brings the two together by clone, {@link dev.linen.thread.NativeThread}
 * is the running thread and its end. A function comes from a library, from {@link dev.linen.function.CSource} or from
 * {@link dev.linen.function.MachineCode}.
 */
@NullMarked
package dev.linen.thread;

import org.jspecify.annotations.NullMarked;
