/**
 * The memory of stacks: the sizes of their parts, the slabs from which they are cut, and the pool that keeps them for
 * new threads.
 *
 * <p>Layer 2, not exported. Uses {@code dev.linen.memory}, {@code dev.linen.syscall} and the layers below them;
 * {@code dev.linen.thread} uses it. It knows only mappings: no faults, no loggers, no users' arenas and no waiting
 * threads.
 *
 * <pre>
 *   StackGeometry, StackPages   the size of each part of a stack buffer, and how the kernel manages its pages
 *   StackSlab, SlabHeader       one mapping, which contains many stack buffers and their control blocks
 *   StackSlot                   one of these stack buffers, used by one thread after another
 *   StackLease                  the right to use a slot, from the pool and back to it
 *   SlotPool                    the slots that no thread uses: warm ones with pages, cold ones without
 *     StackShelf, SlabSlots       those of one geometry, and those of one slab
 *   TouchedPages                which pages of a stack have been used
 * </pre>
 */
@NullMarked
package dev.linen.internal.stack;

import org.jspecify.annotations.NullMarked;
