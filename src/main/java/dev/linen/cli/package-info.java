/**
 * The command line, {@code ./linen}. It lies above every floor and isn't exported. It needs picocli and gson in
 * addition to the library, and uses two of its internal packages: one to open shared libraries, one to read their ELF
 * headers.
 */
@NullMarked
package dev.linen.cli;

import org.jspecify.annotations.NullMarked;
