/**
 * Tests of the command line. A *Test runs in this JVM or with stub programs, an *IT runs {@code ./linen} on the built
 * jar.
 */
@NullMarked
package dev.linen.cli.doctor;

import org.jspecify.annotations.NullMarked;
