/**
 * Tests of the command line: *Test in this JVM or on stand-ins, *IT through {@code ./linen} once the jar is built.
 */
@NullMarked
package dev.linen.cli;

import org.jspecify.annotations.NullMarked;
