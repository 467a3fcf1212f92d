/**
 * For tests that need a real kernel, or a JVM of their own: {@code @LinuxOnly}, {@code @NoLeaks}, {@code ChildJvm},
 * {@code FailingSyscall}. linen's own tests use them.
 *
 * <p>The annotations need JUnit 5, which linen brings along for nobody: who uses them has it. Where linen is a named module (as in a
 * module that Maven tests), it must be told where JUnit is: {@code --add-reads dev.linen=ALL-UNNAMED}.
 *
 * <p>Floor 5 of the house, beside the command line: uses everything below it, and no other room uses it.
 */
@NullMarked
package dev.linen.junit;

import org.jspecify.annotations.NullMarked;
