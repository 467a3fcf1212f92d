/**
 * Backtraces for fault reports: resolves addresses to function names, and unwinds the stack from a fault through the
 * callers.
 *
 * <p>Layer -1, not exported. Uses no other package of linen.
 *
 * <pre>
 *   Backtrace            the chain of callers, each found by one of
 *     CallFrames           the compiler's tables: UnwindTable → FrameDescription → CfaProgram → Rule, DwarfExpression
 *     FramePointers        the chain of saved frame pointers
 *   Symbols              function+0x12, from a SymbolTable of
 *     LoadedElf            a library as it is mapped in memory
 *     ElfFile              the file that was loaded
 *   MemoryReader, Bytes  safe access to memory that may not be mapped
 * </pre>
 *
 * <p>All of this runs after a crash, so no data is trusted: whatever the memory contains, a public method never throws
 * and always terminates. Internally, invalid data causes a {@link dev.linen.internal.elf.Malformed}. It is a checked
 * exception, so that the compiler verifies that no public method throws it.
 */
@NullMarked
package dev.linen.internal.elf;

import org.jspecify.annotations.NullMarked;
