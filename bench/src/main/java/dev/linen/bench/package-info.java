/**
 * Measures linen against its targets and its peers, and writes a report. What is measured runs in processes of its own: C programs, and
 * the JVMs of {@link dev.linen.bench.jvm}.
 */
@NullMarked
package dev.linen.bench;

import org.jspecify.annotations.NullMarked;
