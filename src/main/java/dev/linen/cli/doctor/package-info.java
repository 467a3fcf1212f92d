/** What {@code ./linen doctor} examines. */
@NullMarked
package dev.linen.cli.doctor;

import org.jspecify.annotations.NullMarked;
