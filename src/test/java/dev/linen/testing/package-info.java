/** What several tests need: child JVMs, native functions to run, the state of the process. */
@NullMarked
package dev.linen.testing;

import org.jspecify.annotations.NullMarked;
