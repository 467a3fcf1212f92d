/**
 * The command line, {@code ./linen}: outside the library proper, above every floor. Needs picocli and gson beside the library,
 * and opens libraries with its binding.
 */
@NullMarked
package dev.linen.cli;

import org.jspecify.annotations.NullMarked;
