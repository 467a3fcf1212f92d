/**
 * Where and how the kernel runs a thread: its CPUs, its scheduling, its name.
 *
 * <p>A thread is named by its tid, the number that {@code gettid} returns on it; 0 is the calling thread. That is refused
 * on a virtual thread, whose carrier, shared with others, would be the one meant.
 *
 * <p>Floor 1 of the house: uses {@code dev.linen.syscall}; {@code dev.linen.thread} places its threads with it.
 */
@NullMarked
package dev.linen.process;

import org.jspecify.annotations.NullMarked;
