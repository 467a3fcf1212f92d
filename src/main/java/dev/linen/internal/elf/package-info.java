/**
 * Where a native thread was when it died: names for addresses, and the way back from a fault through its callers.
 *
 * <p>Floor -1 of the house: uses nothing of linen. For {@code dev.linen.thread}'s fault reports; not exported.
 *
 * <pre>
 *   Backtrace            the chain of callers, each found by one of
 *     CallFrames           the compiler's tables: UnwindTable → FrameDescription → CfaProgram → Rule, DwarfExpression
 *     FramePointers        the chain of saved rbp
 *   Symbols              function+0x12, from a SymbolTable of
 *     LoadedElf            a library as it lies in memory
 *     ElfFile              the file that it came from
 *   MemoryReader, Bytes  memory that may not be there
 * </pre>
 *
 * <p>All of it is read after something went wrong, so nothing read is believed: a public method never throws, whatever the
 * memory holds, and never runs for ever. Inside, what can't be is a {@link dev.linen.internal.elf.Malformed}, which is
 * checked: so the compiler sees to it that none gets out.
 */
@NullMarked
package dev.linen.internal.elf;

import org.jspecify.annotations.NullMarked;
