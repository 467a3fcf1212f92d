/** Small pictures as SVG text: white ground, text as text, some kilobytes each. Knows nothing of what is measured. */
@NullMarked
package dev.linen.bench.plot;

import org.jspecify.annotations.NullMarked;
