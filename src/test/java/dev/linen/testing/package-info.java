/** Utilities for linen's own tests: native functions to run, counts of the resources of the process, C probes. */
@NullMarked
package dev.linen.testing;

import org.jspecify.annotations.NullMarked;
