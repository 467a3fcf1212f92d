/**
 * Support for tests that need a real kernel or a separate JVM: {@code @LinuxOnly}, {@code @NoLeaks}, {@code ChildJvm},
 * {@code FailingSyscall}. linen's own tests use it.
 *
 * <p>The annotations need JUnit 5. linen doesn't depend on it, so a test project must declare that dependency itself.
 * If linen is a named module (as in a module that Maven tests), it must be able to read JUnit:
 * {@code --add-reads dev.linen=ALL-UNNAMED}.
 *
 * <p>Layer 5, like the command line. Uses the layers below it; no other package uses it.
 */
@NullMarked
package dev.linen.junit;

import org.jspecify.annotations.NullMarked;
