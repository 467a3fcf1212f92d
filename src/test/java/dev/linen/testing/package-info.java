/** What several of linen's tests need and no user does: native functions to run, counts of the process, C probes. */
@NullMarked
package dev.linen.testing;

import org.jspecify.annotations.NullMarked;
