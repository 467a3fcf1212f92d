/**
 * The command line, {@code ./linen}.
 *
 * <p>The topmost layer, not exported. It needs picocli and gson in addition to the library, and uses some of its
 * internal packages: to open shared libraries, to read their ELF headers, and for the kernel's constants.
 */
@NullMarked
package dev.linen.cli;

import org.jspecify.annotations.NullMarked;
