/**
 * Stacks as memory: how large their parts are, the slabs that they are cut from, and the pool that keeps them for the next thread.
 *
 * <p>Layer 2: uses {@code dev.linen.memory}, {@code dev.linen.syscall} and what is below them; used by
 * {@code dev.linen.thread}; not exported. It knows mappings and nothing else: neither faults, nor loggers, nor what a thread was
 * lent, nor who waits for its end.
 *
 * <pre>
 *   StackGeometry, StackPages   how large each part of a stack buffer is, and how the kernel keeps its pages
 *   StackSlab, SlabHeader       one mapping, which holds many stack buffers and their control blocks
 *   StackSlot                   one of these stack buffers, used by one thread after the other
 *   StackLease                  the right to use a slot, from the pool and back to it
 *   SlotPool                    the slots that are free: warm ones with pages, cold ones without
 *     StackShelf, SlabSlots       those of one geometry, and of one slab
 *   TouchedPages                which pages of a stack have been used
 * </pre>
 */
@NullMarked
package dev.linen.internal.stack;

import org.jspecify.annotations.NullMarked;
