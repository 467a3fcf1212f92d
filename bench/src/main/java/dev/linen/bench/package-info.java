/**
 * Measures linen against its targets and its peers, and writes a report. The measurements run in separate processes: C
 * programs, and JVMs with the programs of {@link dev.linen.bench.jvm}.
 */
@NullMarked
package dev.linen.bench;

import org.jspecify.annotations.NullMarked;
