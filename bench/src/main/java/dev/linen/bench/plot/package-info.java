/**
 * Small pictures as SVG text: white background, text as text, a few kilobytes each. This package doesn't depend on the
 * measurements.
 */
@NullMarked
package dev.linen.bench.plot;

import org.jspecify.annotations.NullMarked;
