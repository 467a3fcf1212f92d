/**
 * How the kernel runs a thread: its CPUs, its scheduling policy and its name.
 *
 * <p>A thread is identified by its tid, the number that {@code gettid} returns; 0 is the calling thread. A virtual
 * thread can't use 0: it would change its carrier thread, which also runs other virtual threads.
 *
 * <p>Layer 1. Uses {@code dev.linen.syscall}; {@code dev.linen.thread} uses it to place its threads.
 */
@NullMarked
package dev.linen.process;

import org.jspecify.annotations.NullMarked;
