/** What runs in the JVMs that are measured: JMH's benchmarks, and programs that print "LABEL FIGURE" on each line. */
@NullMarked
package dev.linen.bench.jvm;

import org.jspecify.annotations.NullMarked;
