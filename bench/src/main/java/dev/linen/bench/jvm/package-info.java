/** The code of the measured JVMs: JMH benchmarks, and programs that print lines of "LABEL FIGURE". */
@NullMarked
package dev.linen.bench.jvm;

import org.jspecify.annotations.NullMarked;
